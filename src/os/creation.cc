#include "os/creation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/descriptor.h"
#include "os/ownership.h"

namespace stogger {
namespace {

bool belongs_to_others(int folder) {
  struct stat info;
  return ::fstat(folder, &info) != 0 || is_of_others(info);
}

}  // namespace

mode_t mode_in(int folder, mode_t mode) {
  mode &= 0777 & ~static_cast<mode_t>(S_IWOTH);
  return belongs_to_others(folder) ? mode & ~static_cast<mode_t>(S_IRWXG)
                                   : mode;
}

void settle(int folder, int file, mode_t mode) {
  const bool foreign = belongs_to_others(folder);
  const bool exact = has_more_rights_to_files_than_caller();
  if (!foreign && !exact) return;
  // By name: the descriptor may be one that was opened with O_PATH.
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (foreign) {
    // A later chmod() would bring them to life.
    static_cast<void>(::removexattr(path.c_str(), "system.posix_acl_access"));
    static_cast<void>(::removexattr(path.c_str(), "system.posix_acl_default"));
    constexpr auto kSame = static_cast<uid_t>(-1);
    static_cast<void>(::chown(path.c_str(), kSame, ::getegid()) == 0);
  }
  struct stat info;
  if (::fstat(file, &info) != 0) return;
  const mode_t before = info.st_mode & 07777;
  // A folder hands the set-group-ID bit down, too.
  mode = (exact ? mode : before & 0777) | (foreign ? 0 : before & S_ISGID);
  if (mode != before) static_cast<void>(::chmod(path.c_str(), mode));
}

void settle(int folder, const std::string& name, mode_t mode) {
  const Descriptor file(
      ::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  // Others may have put something else there.
  if (!file || ::fstat(file.get(), &info) != 0 || info.st_uid != ::geteuid() ||
      !(S_ISDIR(info.st_mode) ||
        (S_ISREG(info.st_mode) && info.st_nlink == 1))) {
    return;
  }
  settle(folder, file.get(), mode);
}

}  // namespace stogger
