#include "os/ownership.h"

#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <vector>

namespace stogger {
namespace {

// Those who started this program. The kernel's word, which is not changed by
// what the program has done since: set-group-ID programs, for example, may make
// the group that they have got their real one.
uid_t caller() noexcept { return static_cast<uid_t>(::getauxval(AT_UID)); }
gid_t group_of_caller() noexcept {
  return static_cast<gid_t>(::getauxval(AT_GID));
}

bool has_ids_of_caller() noexcept {
  uid_t users[3];
  gid_t groups[3];
  if (::getresuid(&users[0], &users[1], &users[2]) != 0 ||
      ::getresgid(&groups[0], &groups[1], &groups[2]) != 0) {
    return false;
  }
  return std::all_of(users, users + 3,
                     [](uid_t user) { return user == caller(); }) &&
         std::all_of(groups, groups + 3,
                     [](gid_t group) { return group == group_of_caller(); });
}

bool has_capabilities_over_files() noexcept {
  // What services are given most often. Of all others it is assumed: there are
  // files whose rights depend on CAP_NET_ADMIN.
  constexpr std::uint32_t kHarmless = 1u << CAP_NET_BIND_SERVICE |
                                      1u << CAP_NET_RAW | 1u << CAP_IPC_LOCK |
                                      1u << CAP_SYS_NICE;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) != 0) return true;
  return (sets[0].permitted & ~kHarmless) != 0 || sets[1].permitted != 0;
}

bool is_trusted(uid_t user, bool caller_is_stranger) noexcept {
  if (user == 0) return true;
  return user == ::geteuid() && !(caller_is_stranger && user == caller());
}

}  // namespace

bool has_more_rights_than_caller() noexcept {
  return ::getauxval(AT_SECURE) != 0;
}

bool has_more_rights_to_files_than_caller() noexcept {
  return has_more_rights_than_caller() && caller() != 0 &&
         (!has_ids_of_caller() || has_capabilities_over_files());
}

bool is_trusted_user(uid_t user) noexcept {
  return is_trusted(user, has_more_rights_to_files_than_caller());
}

bool is_trusted_author(uid_t user) noexcept {
  return is_trusted(user, has_more_rights_than_caller());
}

bool is_own_group(gid_t group) {
  if (has_more_rights_to_files_than_caller()) {
    return group == ::getegid() && group != group_of_caller();
  }
  if (group == ::getegid()) return true;
  std::vector<gid_t> groups;
  int count = -1;
  // Another thread may change them in between.
  do {
    count = ::getgroups(0, nullptr);
    if (count <= 0) return false;
    groups.resize(static_cast<std::size_t>(count));
    count = ::getgroups(count, groups.data());
  } while (count == -1 && errno == EINVAL);
  if (count < 0) return false;
  groups.resize(static_cast<std::size_t>(count));
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

bool can_others_change(const struct stat& info) {
  if (!is_trusted_user(info.st_uid)) return true;
  if ((info.st_mode & S_IWOTH) != 0) return true;
  return (info.st_mode & S_IWGRP) != 0 && !is_own_group(info.st_gid);
}

bool is_trap(const struct stat& folder, const struct stat& parent) noexcept {
  // A group that may write to the parent was chosen: /var/log of Ubuntu belongs
  // to the group syslog, and the folders of services lie in it.
  return !is_trusted_user(folder.st_uid) && folder.st_uid != parent.st_uid &&
         (parent.st_mode & S_IWOTH) != 0;
}

bool is_of_others(const struct stat& folder) {
  return !is_trusted_user(folder.st_uid) && !is_own_group(folder.st_gid);
}

}  // namespace stogger
