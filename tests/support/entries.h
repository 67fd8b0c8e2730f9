// How many entries a folder has; for /proc/self/fd and /proc/self/task.
#pragma once

#include <filesystem>
#include <iterator>
#include <string>

namespace stogger {

inline long entries_in(const std::string& folder) {
  const std::filesystem::directory_iterator all(folder);
  return std::distance(begin(all), end(all));
}

}  // namespace stogger
