// Whose a file or folder is, and who else can change it, so that a service with
// more rights than others have is careful with it. Root and the user of this
// process are trusted.
//
// The user of this process is its effective user. A program with more rights
// than the user who started it (below) has its rights from elsewhere: that user
// and his groups are then strangers like all others, though some of the numbers
// of the process are theirs.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

namespace stogger {

// True if this program runs with more rights than the user who started it:
// set-user-ID, set-group-ID, capabilities of its file. The environment is that
// user's choice then and decides nothing. Variables are read by
// secure_getenv(), which finds none of them in such a program.
//
// Also true where a security module has changed the domain of the program
// (SELinux, AppArmor), as it does for services.
bool has_more_rights_than_caller() noexcept;

// True if some of these rights may be rights to files. False if all users and
// groups of the process are those of the caller and its capabilities have
// nothing to do with files, such as the one to bind ports below 1024: it can do
// no more with files than he can. False, too, if root is the caller.
bool has_more_rights_to_files_than_caller() noexcept;

// True for root and the user of this process, as the owner of files that it
// writes to and of the folders on the way.
bool is_trusted_user(uid_t user) noexcept;

// True for root and the user of this process, as the owner of files that say
// what the process does. A caller never decides that if the program has any
// rights that he has not.
bool is_trusted_author(uid_t user) noexcept;

// True if this process is in the group. In a program with more rights to files
// than its caller, only the group that it has got is its own. May throw
// std::bad_alloc.
bool is_own_group(gid_t group);

// True if others than the trusted users and the groups of this process may
// write to it, or if it belongs to another user, who may grant that right to
// himself. An access list that grants it to more groups or users shows in the
// bits of the group.
bool can_others_change(const struct stat& info);

// True if the folder belongs to another user, and lies in one that all may
// write to and that is not his, too: anyone may have put it there.
bool is_trap(const struct stat& folder, const struct stat& parent) noexcept;

// True if another user owns the folder, and no group of this process: he says
// by the set-group-ID bit and by an access list who may read what is created
// there.
bool is_of_others(const struct stat& folder);

}  // namespace stogger
