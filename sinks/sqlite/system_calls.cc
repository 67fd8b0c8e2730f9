#include "sinks/sqlite/system_calls.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/types.h>

namespace stogger {
namespace {

using Open = int (*)(const char* path, int flags, int mode);
using Fchown = int (*)(int file, uid_t owner, gid_t group);

Open original_open = nullptr;
Fchown original_fchown = nullptr;
thread_local int opening_at_once = 0;
thread_local int keeping_owners = 0;

int open_perhaps_at_once(const char* path, int flags, int mode) {
  return original_open(path, opening_at_once > 0 ? flags | O_NONBLOCK : flags,
                       mode);
}

int fchown_unless_they_stay(int file, uid_t owner, gid_t group) {
  return keeping_owners > 0 ? 0 : original_fchown(file, owner, group);
}

template <class Function>
void replace(sqlite3_vfs* vfs, const char* name, Function replacement,
             Function* original) noexcept {
  *original = reinterpret_cast<Function>(vfs->xGetSystemCall(vfs, name));
  if (*original == nullptr) return;
  vfs->xSetSystemCall(vfs, name,
                      reinterpret_cast<sqlite3_syscall_ptr>(replacement));
}

// SQLite has one table of system calls for all connections of the process. Its
// entries are replaced for good: they could be in use on another thread.
void replace_once() noexcept {
  static const bool done = [] {
    sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
    if (vfs == nullptr || vfs->iVersion < 3) return false;
    replace(vfs, "open", &open_perhaps_at_once, &original_open);
    replace(vfs, "fchown", &fchown_unless_they_stay, &original_fchown);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

OpensAtOnce::OpensAtOnce() noexcept {
  replace_once();
  ++opening_at_once;
}
OpensAtOnce::~OpensAtOnce() { --opening_at_once; }

OwnersStay::OwnersStay() noexcept {
  replace_once();
  ++keeping_owners;
}
OwnersStay::~OwnersStay() { --keeping_owners; }

}  // namespace stogger
