// Who holds a lock that one would like to have.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>

namespace stogger {

// The process that keeps a write lock from being taken on the file, by fcntl()
// or flock(). 0 if it is not known: it may run as a user whose processes this
// one must not look into. Takes some milliseconds: for messages. Never throws.
pid_t find_lock_holder(int descriptor) noexcept;
// Another process that has any lock on the file, which is not opened: closing
// it would end the locks that this process has on it. Takes no longer than
// that.
pid_t find_lock_holder(const struct stat& file,
                       std::int64_t longest_ns) noexcept;

}  // namespace stogger
