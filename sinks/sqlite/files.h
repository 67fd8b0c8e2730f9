// What belongs to a SQLite database besides SQLite: its files, and the folder
// that they lie in.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "os/folder.h"
#include "os/signals.h"
#include "os/watched_file.h"
#include "sinks/sqlite/lock.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

// True for the file systems of other machines, by statfs(2)'s f_type. There
// the memory that write-ahead logging shares between processes is not shared.
bool is_network_filesystem(long type) noexcept;

// The files of a database: FILE, FILE-wal, FILE-shm, FILE-journal, FILE.lock.
//
// SQLite opens files by name and creates those that are missing, whatever
// others may have put there meanwhile. So it gets names that begin with
// /proc/self/fd/N, where N is the folder that was opened and checked: nobody
// can lead it to another folder. There it follows no link (O_NOFOLLOW), and the
// VFS asks secure_log() or secure_journal() before it opens one. In a folder
// like /tmp, where others may create files, but not replace those of this
// process, these create what is missing; so it is never a file of another
// user's. What is left: in a folder without the sticky bit that others may
// write to, a file may be replaced within the microseconds between the check
// and the opening by SQLite, by a file of the other's and not by a link.
class SqliteFiles {
 public:
  SqliteFiles() noexcept = default;
  SqliteFiles(const SqliteFiles&) = delete;
  SqliteFiles& operator=(const SqliteFiles&) = delete;

  // Opens the folder, checks all files that are there, and creates the database
  // as an empty file if it is missing, without ever opening it: closing it
  // would end the locks that SQLite holds for others in this process. Refuses a
  // network file system if there is to be a write-ahead log.
  Status open(const std::string& path, const FileModes& modes,
              bool write_ahead_log);
  void close() noexcept;

  // Opens the folder and checks what is there, and changes nothing. *exists:
  // whether the database is there; if not, whether it could be created has been
  // checked, and folder() is the one that would get it, or a missing folder.
  Status look(const std::string& path, const FileModes& modes,
              bool write_ahead_log, bool* exists);
  bool is_look() const noexcept { return is_look_; }

  const Folder& folder() const noexcept { return folder_; }
  std::string path() const { return folder_.path(); }
  // The path of the database for SQLite.
  std::string name_for_sqlite() const;

  // For the VFS: whether SQLite may open the log and its index, or the journal,
  // and may create them. If not, take_refusal() says why.
  bool secure_log(bool may_create) noexcept;
  bool secure_journal(bool may_create) noexcept;
  Status take_refusal() noexcept;

  // Whether the path still leads to the database that was opened.
  Folder::Way find_way() const noexcept;
  // Whether the database that was opened has no name any more. One system call.
  bool is_deleted() const noexcept { return watched_.is_deleted(); }
  // The size of FILE + `part`; 0 if it is missing.
  std::int64_t size_of(std::string_view part) const;
  bool is_writable_for_group() const noexcept {
    return (identity_.st_mode & S_IWGRP) != 0;
  }
  // The process that has a lock on the index of the log, as everybody can who
  // may read it; 0 if it is not found within 10 ms.
  pid_t find_index_lock() const;
  // Why the database may not be written: an errno; 0 if it may.
  int access_error() const noexcept;

  // Opens FILE.lock, which only those can open who may write to the database.
  Status open_lock(ProcessLock* lock) const;

  // Moves the database with all that belongs to it out of the way, to
  // FILE.corrupt-TIME. Returns the new path; empty if it cannot be moved, with
  // the reason in errno.
  std::string set_aside(Time now) const;

  // A file that is empty has no log: one that lies beside it is from another
  // file, which was there before and was moved or deleted. SQLite would mix up
  // the two, so a log with content is renamed to FILE.orphan-TIME-wal.
  void remove_orphaned_log(Time now) const;

 private:
  Status check_place(bool write_ahead_log) const;
  void set_names();
  bool secure(const std::string& name, bool may_create) noexcept;
  Status check_parts() const;
  Status create();
  void inherit(const struct stat& predecessor) const;

  Folder folder_;
  std::string given_path_;
  std::string log_name_;
  std::string index_name_;
  std::string journal_name_;
  FileModes modes_;
  struct stat identity_ = {};  // of the database
  WatchedFile watched_;
  bool is_look_ = false;
  Status refusal_;
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
  std::optional<WriteSignal> signal_;
};

}  // namespace stogger
