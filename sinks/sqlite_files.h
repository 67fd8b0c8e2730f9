// What belongs to a SQLite database besides SQLite: the place it lies in, the
// lock that its writers take turns with, and files that are put aside.
#pragma once

#include <signal.h>

#include <string>
#include <string_view>

#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

// True for the file systems of other machines, by statfs(2)'s f_type. There
// the memory that write-ahead logging shares between processes is not shared.
bool is_network_filesystem(long type) noexcept;

// Refuses a path where there is something other than a file, and a network file
// system if the database is to have a write-ahead log.
Status check_database_place(const std::string& path, bool write_ahead_log);

// Why the file may not be written, or not be created: an errno; 0 if it may.
int database_access_error(const std::string& path);

// Moves a database with all that belongs to it out of the way, to
// FILE.corrupt-TIME. Returns the new name; empty if it cannot be moved.
std::string set_aside_database(const std::string& file, Time now);

// A file that is empty has no log: one that lies beside it is from another
// file, which was there before and was moved or deleted. SQLite would mix up
// the two, so a log with content is renamed to FILE.orphan-TIME-wal.
void remove_orphaned_log(const std::string& file, Time now);

// While it lives, this thread does not get the signal that a write beyond the
// limit of file sizes (RLIMIT_FSIZE) raises besides its error. Without such a
// limit it does nothing.
class FileSizeSignal {
 public:
  explicit FileSizeSignal(bool limited) noexcept;
  ~FileSizeSignal();
  FileSizeSignal(const FileSizeSignal&) = delete;
  FileSizeSignal& operator=(const FileSizeSignal&) = delete;

  // Whether there is a limit.
  static bool is_limited() noexcept;

 private:
  const bool limited_;
  bool was_pending_ = false;
  sigset_t before_;
};

}  // namespace stogger
