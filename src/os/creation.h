// The rights of files and folders that this process creates. What a stranger
// chooses is left out: the group and the access list that another user's folder
// hands down, and the umask of the caller of a program with more rights.
#pragma once

#include <sys/types.h>

#include <string>

namespace stogger {

// To create something with, of the rights in `mode`: never writable for all,
// and without rights for a group in a folder that is_of_others(). With none for
// the group, an inherited access list gives no rights either. May throw
// std::bad_alloc.
mode_t mode_in(int folder, mode_t mode);

// After the creation with mode_in(). By its name only if it is still a file or
// folder of this process.
void settle(int folder, int file, mode_t mode);
void settle(int folder, const std::string& name, mode_t mode);

}  // namespace stogger
