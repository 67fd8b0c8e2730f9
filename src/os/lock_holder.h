// Who holds a lock that one would like to have.
#pragma once

#include <sys/types.h>

namespace stogger {

// The process that keeps a write lock from being taken on the file, by fcntl()
// or flock(). 0 if it is not known: it may run as a user whose processes this
// one must not look into. Takes some milliseconds: for messages. Never throws.
pid_t find_lock_holder(int descriptor) noexcept;

}  // namespace stogger
