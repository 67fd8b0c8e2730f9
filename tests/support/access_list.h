// Access lists of folders (POSIX ACLs), as the kernel takes them.
#pragma once

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include <cstdint>
#include <string>
#include <vector>

namespace stogger {

// What `setfacl -d -m user:USER:rw` does to a folder: each file that is created
// in it can be read and written by that user, too, as far as the mode has
// rights for the group. False where the file system has no access lists.
inline bool set_default_access_list(const std::string& folder, uid_t user) {
  struct Entry {
    std::uint16_t tag;
    std::uint16_t rights;
    std::uint32_t id;
  };
  static_assert(sizeof(Entry) == sizeof(posix_acl_xattr_entry));
  struct {
    std::uint32_t version = POSIX_ACL_XATTR_VERSION;
    Entry entries[5];
  } list;
  constexpr auto kNone = static_cast<std::uint32_t>(ACL_UNDEFINED_ID);
  list.entries[0] = {ACL_USER_OBJ, 7, kNone};
  list.entries[1] = {ACL_USER, 7, user};
  list.entries[2] = {ACL_GROUP_OBJ, 5, kNone};
  list.entries[3] = {ACL_MASK, 7, kNone};
  list.entries[4] = {ACL_OTHER, 0, kNone};
  return ::setxattr(folder.c_str(), "system.posix_acl_default", &list,
                    sizeof list, 0) == 0;
}

}  // namespace stogger
