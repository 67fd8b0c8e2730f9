// What opening a database would change, and what is unwise about it, for a
// check.
#pragma once

#include "sinks/sqlite/files.h"
#include "sinks/sqlite/settings.h"
#include "stogger/sink.h"

struct sqlite3;

namespace stogger {

// Of one that is missing or empty.
void find_creation(const SqliteSettings& settings, const SqliteFiles& files,
                   bool exists, CheckFindings& findings);

struct SqliteRemains {
  bool journal;     // of a crash
  bool unread_log;  // that no process has open
};

// Of one that is there, through a connection that only reads.
void find_changes(const SqliteSettings& settings, const SqliteFiles& files,
                  sqlite3* connection, const SqliteRemains& remains,
                  CheckFindings& findings);

}  // namespace stogger
