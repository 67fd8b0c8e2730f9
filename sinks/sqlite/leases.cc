#include "sinks/sqlite/leases.h"

#include <fcntl.h>
#include <sqlite3.h>

namespace stogger {
namespace {

using Open = int (*)(const char* path, int flags, int mode);

thread_local int count = 0;
Open original = nullptr;

int open_perhaps_at_once(const char* path, int flags, int mode) {
  return original(path, count > 0 ? flags | O_NONBLOCK : flags, mode);
}

// SQLite has one table of system calls for all connections of the process, of
// which this entry is replaced for good: it could be in use on another thread.
bool replace_open() noexcept {
  constexpr char kName[] = "open";
  sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3) return false;
  original = reinterpret_cast<Open>(vfs->xGetSystemCall(vfs, kName));
  return original != nullptr &&
         vfs->xSetSystemCall(vfs, kName,
                             reinterpret_cast<sqlite3_syscall_ptr>(
                                 &open_perhaps_at_once)) == SQLITE_OK;
}

}  // namespace

OpensAtOnce::OpensAtOnce() noexcept {
  static const bool is_replaced = replace_open();
  static_cast<void>(is_replaced);
  ++count;
}

OpensAtOnce::~OpensAtOnce() { --count; }

}  // namespace stogger
