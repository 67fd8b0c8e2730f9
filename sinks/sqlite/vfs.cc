#include "sinks/sqlite/vfs.h"

#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "sinks/sqlite/files.h"

namespace stogger {
namespace {

constexpr const char* kName = "stogger";

int sleep_briefly(sqlite3_vfs*, int microseconds) {
  constexpr int kLongest = 200;
  const timespec time = {0, 1000L * std::clamp(microseconds, 0, kLongest)};
  ::nanosleep(&time, nullptr);
  return microseconds;
}

sqlite3_vfs* standard = nullptr;

// Of the database, the log or the journal; null for others.
SqliteFiles* files_of(const char* name, int flags) noexcept {
  constexpr int kOfDatabase =
      SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  if (name == nullptr || (flags & kOfDatabase) == 0) return nullptr;
  const char* const database = (flags & SQLITE_OPEN_MAIN_DB) != 0
                                   ? name
                                   : sqlite3_filename_database(name);
  return reinterpret_cast<SqliteFiles*>(
      static_cast<std::intptr_t>(sqlite3_uri_int64(database, "files", 0)));
}

bool is_secure(SqliteFiles& files, int flags) noexcept {
  const bool may_create = (flags & SQLITE_OPEN_CREATE) != 0;
  if ((flags & SQLITE_OPEN_WAL) != 0) return files.secure_log(may_create);
  return (flags & SQLITE_OPEN_MAIN_JOURNAL) == 0 ||
         files.secure_journal(may_create);
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags,
              int* flags_used) {
  SqliteFiles* const files = files_of(name, flags);
  if (files != nullptr) {
    if (files->is_look()) {
      flags &= ~(SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE);
      flags |= SQLITE_OPEN_READONLY;
    }
    if (!is_secure(*files, flags)) {
      file->pMethods = nullptr;
      return SQLITE_CANTOPEN;
    }
  }
  return standard->xOpen(standard, name, file, flags, flags_used);
}

int full_path(sqlite3_vfs*, const char* name, int size, char* path) {
  if (!std::string_view(name).starts_with("/proc/self/fd/")) {
    return standard->xFullPathname(standard, name, size, path);
  }
  return std::snprintf(path, static_cast<std::size_t>(size), "%s", name) < size
             ? SQLITE_OK
             : SQLITE_CANTOPEN;
}

bool register_vfs() noexcept {
  standard = sqlite3_vfs_find(nullptr);
  if (standard == nullptr || std::string_view(standard->zName) != "unix") {
    return false;
  }
  static sqlite3_vfs ours;
  ours = *standard;
  ours.pNext = nullptr;
  ours.zName = kName;
  ours.xSleep = &sleep_briefly;
  ours.xOpen = &open_file;
  ours.xFullPathname = &full_path;
  return sqlite3_vfs_register(&ours, 0) == SQLITE_OK;
}

bool read_file(sqlite3* connection, int offset, char* bytes,
               int size) noexcept {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file != nullptr && file->pMethods != nullptr &&
         file->pMethods->xRead(file, bytes, size, offset) == SQLITE_OK;
}

int last_error(sqlite3_file* file) noexcept {
  int error = 0;
  if (file != nullptr && file->pMethods != nullptr) {
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  }
  return error;
}

}  // namespace

const char* sqlite_vfs_name() noexcept {
  static const bool registered = register_vfs();
  return registered ? kName : nullptr;
}

int sqlite_access_error(sqlite3* connection) noexcept {
  sqlite3_file* database = nullptr;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER,
                       &database);
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  const int error = last_error(database);
  return error != 0 ? error : last_error(log);
}

bool begins_like_sqlite(sqlite3* connection) noexcept {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  char beginning[kMagic.size()];
  return read_file(connection, 0, beginning, sizeof beginning) &&
         std::string_view(beginning, sizeof beginning) == kMagic;
}

bool is_in_wal_mode(sqlite3* connection) noexcept {
  constexpr int kWriteVersion = 18;  // where it stands in the file
  char version = 0;
  return read_file(connection, kWriteVersion, &version, 1) && version == 2;
}

}  // namespace stogger
