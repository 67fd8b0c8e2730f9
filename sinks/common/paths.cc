#include "sinks/common/paths.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <set>
#include <system_error>

#include "base/are_apart.h"
#include "base/quote.h"
#include "base/timestamp.h"

namespace stogger {
namespace {

mode_t read_mode(Options& options, std::string_view key, mode_t usual,
                 mode_t least) {
  char octal[] = "0000";
  std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(usual));
  const std::string_view text = options.text(key, octal);
  unsigned mode = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, mode, 8);
  if (error != std::errc() || last != end || text.empty() || mode > 0777) {
    options.problem(key, "must be a mode in octal digits, such as \"0640\"");
  } else if ((mode & S_IWOTH) != 0) {
    options.problem(key,
                    "must not let all others write; share by a group instead, "
                    "such as \"0660\" or \"0770\"");
  } else if ((mode & least) != least) {
    options.problem(key,
                    "must let the owner read and write, and enter folders");
  }
  return static_cast<mode_t>(mode);
}

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

FileModes read_file_modes(Options& options) {
  const FileModes usual = default_file_modes();
  FileModes modes;
  modes.file = read_mode(options, "file_mode", usual.file, S_IRUSR | S_IWUSR);
  modes.folder = read_mode(options, "folder_mode", usual.folder, S_IRWXU);
  return modes;
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
