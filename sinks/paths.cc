#include "sinks/paths.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>

#include "base/timestamp.h"

namespace stogger {

std::string read_path(Options& options) {
  std::string path(options.required("path"));
  if (path.starts_with("~/")) {
    options.problem(
        "path", "begins with ~, which is not expanded: write ${HOME} instead");
  } else if (path.ends_with('/')) {
    options.problem("path", "must name a file, not a folder");
  }
  return path;
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

std::string dated_name(std::string_view prefix, Time time,
                       std::string_view suffix) {
  char text[kTimestampSize];
  // Colons are trouble in the names of files.
  char* const end = std::remove(text, write_timestamp_seconds(text, time), ':');
  std::string base(prefix);
  base.append(text, end);
  std::string name = base + std::string(suffix);
  struct stat info;
  for (int number = 2; ::lstat(name.c_str(), &info) == 0; ++number) {
    name = base + "-" + std::to_string(number) + std::string(suffix);
  }
  return name;
}

bool is_first_opening(const std::string& path) {
  static std::mutex mutex;
  static auto* const opened = new std::set<std::string>;  // never destroyed
  const std::lock_guard lock(mutex);
  return opened->insert(path).second;
}

bool is_look_due(Time now, Time* looked) noexcept {
  constexpr std::uint64_t kInterval = 500000000;  // ns
  const auto forward = static_cast<std::uint64_t>(now.ns) -
                       static_cast<std::uint64_t>(looked->ns);
  if (std::min(forward, 0 - forward) < kInterval) return false;
  *looked = now;
  return true;
}

}  // namespace stogger
