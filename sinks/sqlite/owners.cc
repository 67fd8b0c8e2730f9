#include "sinks/sqlite/owners.h"

#include <sqlite3.h>
#include <sys/types.h>

namespace stogger {
namespace {

using Fchown = int (*)(int file, uid_t owner, gid_t group);

thread_local int count = 0;
Fchown original = nullptr;

int fchown_unless_they_stay(int file, uid_t owner, gid_t group) {
  return count > 0 ? 0 : original(file, owner, group);
}

// SQLite has one table of system calls for all connections of the process, of
// which this entry is replaced for good: it could be in use on another thread.
bool replace_fchown() noexcept {
  constexpr char kName[] = "fchown";
  sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3) return false;
  original = reinterpret_cast<Fchown>(vfs->xGetSystemCall(vfs, kName));
  return original != nullptr &&
         vfs->xSetSystemCall(vfs, kName,
                             reinterpret_cast<sqlite3_syscall_ptr>(
                                 &fchown_unless_they_stay)) == SQLITE_OK;
}

}  // namespace

OwnersStay::OwnersStay() noexcept {
  static const bool is_replaced = replace_fchown();
  static_cast<void>(is_replaced);
  ++count;
}

OwnersStay::~OwnersStay() { --count; }

}  // namespace stogger
