#include "sinks/sqlite_vfs.h"

#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <string_view>

namespace stogger {
namespace {

constexpr const char* kName = "stogger";

int sleep_briefly(sqlite3_vfs*, int microseconds) {
  constexpr int kLongest = 200;
  const timespec time = {0, 1000L * std::clamp(microseconds, 0, kLongest)};
  ::nanosleep(&time, nullptr);
  return microseconds;
}

bool register_vfs() noexcept {
  const sqlite3_vfs* standard = sqlite3_vfs_find(nullptr);
  if (standard == nullptr || std::string_view(standard->zName) != "unix") {
    return false;
  }
  static sqlite3_vfs ours;
  ours = *standard;
  ours.pNext = nullptr;
  ours.zName = kName;
  ours.xSleep = &sleep_briefly;
  return sqlite3_vfs_register(&ours, 0) == SQLITE_OK;
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

}  // namespace stogger
