#include "os/ownership.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace stogger {

bool is_trusted_user(uid_t user) noexcept {
  return user == 0 || user == ::geteuid();
}

bool is_own_group(gid_t group) {
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

}  // namespace stogger
