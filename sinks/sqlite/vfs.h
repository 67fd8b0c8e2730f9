// What lies between SQLite and the system.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>
#include <string_view>

#include "sinks/sqlite/system_calls.h"

namespace stogger {

class SqliteFiles;

// The VFS of one connection. It is SQLite's own but for this:
//  - It knows the database that it was made for, its log and its journal, and
//    nothing else has a name here. What is in a file may be anybody's, and can
//    make SQLite touch names: a journal may name a "super-journal", which
//    SQLite opens and deletes when it rolls back, wherever that is.
//  - The SqliteFiles are asked before a file is opened. If they only look, no
//    file is created, and none is opened for writing.
//  - Without shared memory, the index of a log is never mapped; whoever may
//    write to that file could cut it, and so end this process by SIGBUS. Only
//    in exclusive mode can such a connection open a database that has a log.
//  - No file is waited for: see system_calls.h.
//  - No sleep is longer than 0.2 ms. SQLite waits for some locks by itself, in
//    ever longer steps, up to ten seconds altogether; a call that logs cannot.
//  - No extensions are loaded.
class SqliteVfs {
 public:
  // The files have to be open, and must outlive the connection, as must this.
  SqliteVfs(SqliteFiles& files, bool shares_memory);
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;

  // False if the program has put a VFS of its own in the place of SQLite's.
  static bool is_available() noexcept;

  // As sqlite3_open_v2(). `parameters` are those of an URI: "mode=ro".
  int open(std::string_view parameters, int flags, sqlite3** connection);

 private:
  static int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file,
                       int flags, int* flags_used) noexcept;
  static int delete_file(sqlite3_vfs* vfs, const char* name, int sync) noexcept;
  static int access(sqlite3_vfs* vfs, const char* name, int flags,
                    int* result) noexcept;
  static int full_path(sqlite3_vfs* vfs, const char* name, int size,
                       char* path) noexcept;
  bool is_fine(const char* name, int* flags) noexcept;
  void replace_shared_memory(sqlite3_file* file) noexcept;

  SqliteFiles& files_;
  const bool shares_memory_;
  const std::string database_;
  const std::string log_;
  const std::string journal_;
  const std::string vfs_name_;
  sqlite3_vfs vfs_;
  sqlite3_io_methods methods_;
  std::optional<OwnersStay> owners_stay_;  // for a look
};

// The errno of the last access to the database or its log that went wrong; 0 if
// none has.
int sqlite_access_error(sqlite3* connection) noexcept;

// True if the file that the connection has open, and that need not be readable
// as a database, begins as all SQLite databases do.
bool begins_like_sqlite(sqlite3* connection) noexcept;

// True if it is a database with a write-ahead log.
bool is_in_wal_mode(sqlite3* connection) noexcept;

}  // namespace stogger
