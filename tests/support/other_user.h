// Other users of the machine, for tests of what they must not be able to do.
// Only root can run them.
#pragma once

#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "tests/support/processes.h"

namespace stogger {

constexpr uid_t kNobody = 65534;
// Users and groups that need not have a name.
constexpr uid_t kSomebody = 54321;
constexpr gid_t kSharedGroup = 54399;

inline bool is_root() { return ::geteuid() == 0; }

// Makes this process, for good, one of that user and group, both of one number.
inline bool become(uid_t user, const std::vector<gid_t>& groups = {}) {
  return ::setgroups(groups.size(), groups.data()) == 0 &&
         ::setresgid(user, user, user) == 0 &&
         ::setresuid(user, user, user) == 0;
}

// Runs the body in a child that is that user. What the body returned.
inline bool as_user(uid_t user, const std::function<bool()>& body,
                    const std::vector<gid_t>& groups = {}) {
  return in_child([&] { return become(user, groups) && body(); });
}

inline bool as_nobody(const std::function<bool()>& body) {
  return as_user(kNobody, body);
}

}  // namespace stogger

#define SKIP_UNLESS_ROOT()                                        \
  do {                                                            \
    if (!::stogger::is_root()) {                                  \
      GTEST_SKIP() << "needs root: it acts as another user, too"; \
    }                                                             \
  } while (false)
