// What belongs to a SQLite database besides SQLite: the place it lies in, the
// lock that its writers take turns with, and files that are put aside.
#pragma once

#include <signal.h>

#include <cstdint>
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

// Waiting for others, in ever longer steps, up to a limit.
class BoundedWait {
 public:
  explicit BoundedWait(std::int64_t limit_ms) noexcept
      : limit_ns_(limit_ms * 1000000) {}

  // Lets the time begin anew, with the next wait().
  void restart() noexcept { started_ns_ = 0; }
  // Sleeps a little. False, at once, if the time is up.
  bool wait(std::int64_t longest_ns = 2000000) noexcept;
  // How long it has been waiting, up to the last wait().
  std::int64_t waited_ns() const noexcept { return waited_ns_; }

 private:
  const std::int64_t limit_ns_;
  std::int64_t started_ns_ = 0;  // 0: nobody has waited yet
  std::int64_t waited_ns_ = 0;
  std::int64_t pause_ns_ = 0;
};

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

// A lock between processes, which the system takes back from those that die.
// It is a flock(2) on the file, for which there is a program of that name, too.
//
// Who takes it again and again would hardly ever leave it to the others, which
// can only look now and then. So one that has waited for long queues up, by a
// second lock on the same file, and all others let it go first.
class ProcessLock {
 public:
  ProcessLock() noexcept = default;
  ~ProcessLock() { close(); }
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;

  // Creates the file if it is missing; it is never removed.
  Status open(const std::string& path);
  // False if the time was up before it was free.
  bool lock(BoundedWait& wait) noexcept;
  // Does not wait. True also where the file system knows no such locks.
  bool try_lock() noexcept;
  void unlock() noexcept;
  // Unlocks. In a child after fork(), while the parent has the file open too,
  // it changes nothing for the parent.
  void close() noexcept;

 private:
  bool lock_fairly(BoundedWait& wait, bool* queued) noexcept;
  bool is_queue_taken() const noexcept;
  bool set_queue(short type) noexcept;

  int descriptor_ = -1;
  unsigned turns_ = 0;
};

}  // namespace stogger
