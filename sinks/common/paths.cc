#include "sinks/common/paths.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <set>

#include "base/are_apart.h"
#include "base/quote.h"
#include "base/timestamp.h"

namespace stogger {
namespace {

template <class IsTaken>
std::string free_name(std::string_view prefix, Time time,
                      std::string_view suffix, IsTaken is_taken) {
  char text[kTimestampSize];
  // Colons are trouble in the names of files.
  char* const end = std::remove(text, write_timestamp_seconds(text, time), ':');
  std::string base(prefix);
  base.append(text, end);
  std::string name = base + std::string(suffix);
  for (int number = 2; is_taken(name); ++number) {
    name = base + "-" + std::to_string(number) + std::string(suffix);
  }
  return name;
}

}  // namespace

std::string read_path(Options& options) {
  static_cast<void>(options.required("path"));
  return read_path_option(options, "path");
}

std::string dated_name(std::string_view prefix, Time time,
                       std::string_view suffix) {
  return free_name(prefix, time, suffix, [](const std::string& name) {
    struct stat info;
    return ::lstat(name.c_str(), &info) == 0;
  });
}

std::string dated_name(const Folder& folder, std::string_view prefix, Time time,
                       std::string_view suffix) {
  return free_name(prefix, time, suffix, [&](const std::string& name) {
    struct stat info;
    return folder.look_up(name, &info);
  });
}

Status check_path(const std::string& path, const FileModes& modes,
                  CheckFindings& findings, Folder* folder, bool* there) {
  *there = false;
  bool complete = true;
  Status status = folder->open_for_check(path, modes, &complete);
  if (!status.ok()) return status;
  status = folder->check_file(folder->name(), true);
  if (!status.ok()) return status;
  if (!complete) {
    findings.would_change("would create the folder " + quoted(folder->path()) +
                          ", and in it " + quoted(path));
    return {};
  }
  *there = folder->exists(folder->name());
  if (!*there) findings.would_change("would create " + quoted(folder->path()));
  return {};
}

bool is_first_opening(const std::string& path) {
  static std::mutex mutex;
  static auto* const opened = new std::set<std::string>;  // never destroyed
  const std::lock_guard lock(mutex);
  return opened->insert(path).second;
}

bool is_check_due(Time now, Time* checked) noexcept {
  constexpr std::int64_t kInterval = 500000000;  // ns
  if (!are_apart(now, *checked, kInterval)) return false;
  *checked = now;
  return true;
}

}  // namespace stogger
