#include "sinks/sqlite/vfs.h"

#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sinks/sqlite/files.h"

namespace stogger {
namespace {

// SQLite's own, if the program has left it in its place.
sqlite3_vfs* standard() noexcept {
  static sqlite3_vfs* const found = [] {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    const bool is_known =
        vfs != nullptr && std::string_view(vfs->zName) == "unix";
    return is_known ? vfs : nullptr;
  }();
  return found;
}

SqliteVfs* self_of(sqlite3_vfs* vfs) noexcept {
  return static_cast<SqliteVfs*>(vfs->pAppData);
}

int sleep_briefly(sqlite3_vfs*, int microseconds) {
  constexpr int kLongest = 200;
  const timespec time = {0, 1000L * std::clamp(microseconds, 0, kLongest)};
  ::nanosleep(&time, nullptr);
  return microseconds;
}

void* load_nothing(sqlite3_vfs*, const char*) { return nullptr; }

// As in an URI.
std::string escaped(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '-' ||
        c == '_') {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

// The same for all files of the standard VFS.
std::atomic<decltype(sqlite3_io_methods::xShmMap)> map_shared_memory = nullptr;

// The first time, it opens the index.
int map_at_once(sqlite3_file* file, int page, int size, int extend,
                void volatile** memory) {
  const OpensAtOnce without_waiting;
  return map_shared_memory.load(std::memory_order_relaxed)(file, page, size,
                                                           extend, memory);
}

// A file that is empty and stays so, on no disk.
constexpr sqlite3_io_methods kEmptyFile = {
    1,
    [](sqlite3_file*) { return SQLITE_OK; },
    [](sqlite3_file*, void* bytes, int size, sqlite3_int64) {
      std::memset(bytes, 0, static_cast<std::size_t>(size));
      return size == 0 ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    },
    [](sqlite3_file*, const void*, int, sqlite3_int64) {
      return SQLITE_READONLY;
    },
    [](sqlite3_file*, sqlite3_int64) { return SQLITE_READONLY; },
    [](sqlite3_file*, int) { return SQLITE_OK; },
    [](sqlite3_file*, sqlite3_int64* size) {
      *size = 0;
      return SQLITE_OK;
    },
    [](sqlite3_file*, int) { return SQLITE_OK; },
    [](sqlite3_file*, int) { return SQLITE_OK; },
    [](sqlite3_file*, int* is_reserved) {
      *is_reserved = 0;
      return SQLITE_OK;
    },
    [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    [](sqlite3_file*) { return 0; },
    [](sqlite3_file*) { return 0; },
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

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

SqliteVfs::SqliteVfs(SqliteFiles& files, bool shares_memory)
    : files_(files),
      shares_memory_(shares_memory),
      database_(files.name_for_sqlite()),
      log_(database_ + "-wal"),
      journal_(database_ + "-journal"),
      vfs_name_("stogger-" +
                std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      vfs_(*standard()) {
  vfs_.pNext = nullptr;
  vfs_.zName = vfs_name_.c_str();
  // All that would look for the standard VFS's data here are replaced.
  vfs_.pAppData = this;
  vfs_.xOpen = &open_file;
  vfs_.xDelete = &delete_file;
  vfs_.xAccess = &access;
  vfs_.xFullPathname = &full_path;
  vfs_.xDlOpen = &load_nothing;
  vfs_.xSleep = &sleep_briefly;
  if (files.is_look()) owners_stay_.emplace();
}

bool SqliteVfs::is_available() noexcept { return standard() != nullptr; }

// Registered only while it is looked for, so that nobody else finds it.
int SqliteVfs::open(std::string_view parameters, int flags,
                    sqlite3** connection) {
  std::string uri = "file:" + escaped(database_);
  if (!parameters.empty()) (uri += '?') += parameters;
  int result = sqlite3_vfs_register(&vfs_, 0);
  if (result != SQLITE_OK) return result;
  result = sqlite3_open_v2(uri.c_str(), connection, flags | SQLITE_OPEN_URI,
                           vfs_name_.c_str());
  sqlite3_vfs_unregister(&vfs_);
  return result;
}

int SqliteVfs::open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file,
                         int flags, int* flags_used) noexcept {
  SqliteVfs& self = *self_of(vfs);
  file->pMethods = nullptr;
  // The transaction that a super-journal belongs to is rolled back in this
  // file. What else it names, and when it can be deleted, is for the program
  // that has these other files.
  if ((flags & SQLITE_OPEN_SUPER_JOURNAL) != 0) {
    file->pMethods = &kEmptyFile;
    return SQLITE_OK;
  }
  if (!self.is_fine(name, &flags)) return SQLITE_CANTOPEN;
  const OpensAtOnce without_waiting;
  const int result =
      standard()->xOpen(standard(), name, file, flags, flags_used);
  if (file->pMethods != nullptr && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
    self.replace_shared_memory(file);
  }
  return result;
}

// Temporary files have no name before they are created.
bool SqliteVfs::is_fine(const char* name, int* flags) noexcept {
  if (name == nullptr) return (*flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  if (files_.is_look()) {
    *flags &= ~(SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE);
    *flags |= SQLITE_OPEN_READONLY;
  }
  const bool may_create = (*flags & SQLITE_OPEN_CREATE) != 0;
  if ((*flags & SQLITE_OPEN_MAIN_DB) != 0) return name == database_;
  if ((*flags & SQLITE_OPEN_WAL) != 0) {
    return name == log_ && files_.secure_log(may_create);
  }
  return (*flags & SQLITE_OPEN_MAIN_JOURNAL) != 0 && name == journal_ &&
         files_.secure_journal(may_create);
}

// The methods of version 1 have none.
void SqliteVfs::replace_shared_memory(sqlite3_file* file) noexcept {
  methods_ = *file->pMethods;
  if (!shares_memory_) {
    methods_.iVersion = 1;
  } else if (methods_.iVersion >= 2 && methods_.xShmMap != nullptr) {
    map_shared_memory.store(methods_.xShmMap, std::memory_order_relaxed);
    methods_.xShmMap = &map_at_once;
  }
  file->pMethods = &methods_;
}

// SQLite believes that a super-journal is gone, and there is nothing to be
// gained by an error: the transaction was rolled back.
int SqliteVfs::delete_file(sqlite3_vfs* vfs, const char* name,
                           int sync) noexcept {
  const SqliteVfs& self = *self_of(vfs);
  if (name != self.log_ && name != self.journal_) return SQLITE_OK;
  return standard()->xDelete(standard(), name, sync);
}

// Of a super-journal SQLite hears that it is there: without it, a journal is
// thrown away without rolling back, and what a crash has left half-written
// would stay so.
int SqliteVfs::access(sqlite3_vfs* vfs, const char* name, int flags,
                      int* result) noexcept {
  const SqliteVfs& self = *self_of(vfs);
  if (name == self.database_ || name == self.log_ || name == self.journal_) {
    return standard()->xAccess(standard(), name, flags, result);
  }
  *result = 1;
  return SQLITE_OK;
}

int SqliteVfs::full_path(sqlite3_vfs* vfs, const char* name, int size,
                         char* path) noexcept {
  const std::string& database = self_of(vfs)->database_;
  if (name != database || database.size() >= static_cast<std::size_t>(size)) {
    return SQLITE_CANTOPEN;
  }
  std::memcpy(path, database.c_str(), database.size() + 1);
  return SQLITE_OK;
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
