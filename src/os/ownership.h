// Who else can change a file or folder, so that a service with more rights than
// they have is careful with it. Root and the user of this process are trusted.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

namespace stogger {

// True for root and the (effective) user of this process.
bool is_trusted_user(uid_t user) noexcept;

// True if this process is in the group. May throw std::bad_alloc.
bool is_own_group(gid_t group);

// True if others than the trusted users and the groups of this process may
// write to it, or if it belongs to another user, who may grant that right to
// himself. An access list that grants it to more groups or users shows in the
// bits of the group.
bool can_others_change(const struct stat& info);

}  // namespace stogger
