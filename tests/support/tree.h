// All that a folder holds, to be compared with what it holds later.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "support/temp_folder.h"

namespace stogger {

// Name, kind, mode, owner, times and bytes of everything in the folder, by
// path.
inline std::map<std::string, std::string> tree_of(const std::string& folder) {
  std::map<std::string, std::string> tree;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string();
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) continue;
    std::ostringstream text;
    text << std::oct << info.st_mode << std::dec << ' ' << info.st_uid << ':'
         << info.st_gid << ' ' << info.st_ino << ' ' << info.st_mtim.tv_sec
         << '.' << info.st_mtim.tv_nsec << ' ' << info.st_ctim.tv_sec << '.'
         << info.st_ctim.tv_nsec << ' ' << info.st_size << ' ';
    if (S_ISREG(info.st_mode)) text << read_file(path);
    tree[path] = text.str();
  }
  return tree;
}

}  // namespace stogger
