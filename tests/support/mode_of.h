#pragma once

#include <sys/stat.h>

#include <string>

namespace stogger {

// The rights of what is at the path, not of what a link points to; 0 if there
// is nothing.
inline mode_t mode_of(const std::string& path) {
  struct stat info = {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

}  // namespace stogger
