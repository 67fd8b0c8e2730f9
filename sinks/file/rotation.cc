#include "sinks/file/rotation.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "os/file.h"

namespace stogger {
namespace {

// A file PATH.2026-11-21, or PATH.2026-11-21.1 if that was taken, and so on.
// With "_13" behind the day, it is one of an hour.
struct DatedFile {
  std::string date;
  unsigned number = 0;
  std::string name;
};

bool begins_like(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '0' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

// Reads what follows "PATH." in a file name.
bool read_dated(std::string_view suffix, DatedFile* file) {
  constexpr std::string_view kDay = "0000-00-00";
  constexpr std::string_view kHour = "_00";
  if (!begins_like(suffix, kDay)) return false;
  std::size_t size = kDay.size();
  if (begins_like(suffix.substr(size), kHour)) size += kHour.size();
  file->date = suffix.substr(0, size);
  suffix.remove_prefix(size);
  if (suffix.empty()) return true;
  const char* const end = suffix.data() + suffix.size();
  return suffix.size() > 1 && suffix[0] == '.' &&
         std::from_chars(suffix.data() + 1, end, file->number).ptr == end;
}

// False for what others have put there, whose names would otherwise push out
// the files of this process.
bool could_be_ours(const Folder& folder, const std::string& name) {
  struct stat info;
  return folder.look_up(name, &info) && S_ISREG(info.st_mode) &&
         folder.check_file(name, false).ok();
}

std::string numbered(const std::string& name, std::size_t number) {
  return name + "." + std::to_string(number);
}

Status move(const Folder& folder, const std::string& from,
            const std::string& to) {
  const int error = folder.rename(from, to);
  if (error == 0) return {};
  return Status(Code::unavailable, "cannot rename " +
                                       quoted(folder.path_of(from)) + " to " +
                                       quoted(to) + ": " + error_advice(error));
}

}  // namespace

Status rotate_by_number(const Folder& folder, const std::string& name,
                        std::size_t backup_count) {
  std::size_t target = 1;
  while (target < backup_count && folder.exists(numbered(name, target))) {
    ++target;
  }
  for (; target > 1; --target) {
    Status status =
        move(folder, numbered(name, target - 1), numbered(name, target));
    if (!status.ok()) return status;
  }
  return move(folder, name, numbered(name, 1));
}

Status rotate_by_date(const Folder& folder, const std::string& name,
                      const std::string& date) {
  constexpr unsigned kMostOfOneDate = 10000;
  const std::string dated = name + "." + date;
  std::string target = dated;
  for (unsigned number = 1; folder.exists(target); ++number) {
    if (number > kMostOfOneDate) {
      return Status(Code::unavailable,
                    "all names for files of one date are taken, up to " +
                        quoted(folder.path_of(target)));
    }
    target = numbered(dated, number);
  }
  return move(folder, name, target);
}

void remove_old_dated(const Folder& folder, const std::string& name,
                      std::size_t backup_count) {
  const std::string prefix = name + ".";
  std::vector<DatedFile> files;
  for (std::string& entry : folder.names()) {
    DatedFile file;
    if (entry.starts_with(prefix) &&
        read_dated(std::string_view(entry).substr(prefix.size()), &file) &&
        could_be_ours(folder, entry)) {
      file.name = std::move(entry);
      files.push_back(std::move(file));
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return std::tie(a.date, a.number) > std::tie(b.date, b.number);
  });
  for (std::size_t i = backup_count; i < files.size(); ++i) {
    static_cast<void>(folder.remove(files[i].name));
  }
}

void check_rotation(const Folder& folder, const std::string& name,
                    std::size_t backup_count, CheckFindings& findings) {
  const std::string consequence =
      "; the file would not be rotated, and grow without limit";
  if (::faccessat(folder.descriptor(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    findings.warn("nothing can be renamed in the folder of " +
                  quoted(folder.path_of(name)) + ": " + error_advice(errno) +
                  consequence);
  }
  for (std::size_t number = 1; number <= backup_count; ++number) {
    struct stat info;
    if (!folder.look_up(numbered(name, number), &info)) break;
    if (S_ISDIR(info.st_mode)) {
      findings.warn(quoted(folder.path_of(numbered(name, number))) +
                    " is a folder" + consequence);
    }
  }
  Status status = folder.check_file(name + ".lock", true);
  if (!status.ok()) {
    findings.warn(std::string(status.message()) + consequence);
  }
}

}  // namespace stogger
