#include "sinks/sqlite/findings.h"

#include <sys/stat.h>

#include <string>

#include "base/quote.h"
#include "sinks/sqlite/vfs.h"

namespace stogger {
namespace {

std::string name_of(const SqliteSettings& settings) {
  return "\"" + settings.path + "\"";
}

}  // namespace

void find_creation(const SqliteSettings& settings, const SqliteFiles& files,
                   bool exists, CheckFindings& findings) {
  const std::string name = name_of(settings);
  findings.would_change(exists
                            ? "would make a database of the empty file " + name
                            : "would create the database " + name);
  if (exists && files.size_of("-wal") != 0) {
    findings.would_change("would rename " + quoted(files.path() + "-wal") +
                          ", which is the log of another file");
  }
}

void find_changes(const SqliteSettings& settings, const SqliteFiles& files,
                  sqlite3* connection, const SqliteRemains& remains,
                  CheckFindings& findings) {
  const std::string name = name_of(settings);
  const bool has_log = settings.has_write_ahead_log();
  if (remains.journal) {
    findings.would_change("would roll back what a crash has left in " + name);
  }
  if (remains.unread_log) {
    findings.warn("the write-ahead log of " + name +
                  " could not be checked, for no process has it open; what "
                  "it holds is not known");
  }
  // Of file_mode it was said already.
  if (has_log && files.is_writable_for_group() &&
      (settings.modes.file & S_IWGRP) == 0) {
    findings.warn(name +
                  " is writable for a group, and journal_mode is WAL: each "
                  "user of that group can end the programs that log here; set "
                  "journal_mode = \"DELETE\" if not all of them are trusted");
  }
  if (has_log != is_in_wal_mode(connection)) {
    findings.would_change("would set journal_mode to " + settings.journal_mode);
  }
}

}  // namespace stogger
