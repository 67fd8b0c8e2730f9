#include "sinks/file/rotation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "os/file.h"

namespace stogger {
namespace {

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

// Moves an old file, with whichever suffixes there are. What the new name has
// besides goes first: a plain file and a compressed one of one name must not be
// of different times, for the plain one would be compressed over the other.
Status move_old(const Folder& folder, const OldFiles& old,
                const std::string& from, const std::string& to) {
  std::vector<std::string> present;
  for (const std::string_view suffix : old.suffixes()) {
    std::string name(suffix);
    if (folder.exists(from + name)) {
      present.push_back(std::move(name));
    } else {
      static_cast<void>(folder.remove(to + name));
    }
  }
  for (const std::string& suffix : present) {
    Status status = move(folder, from + suffix, to + suffix);
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace

Status rotate_by_number(const Folder& folder, const OldFiles& old) {
  std::size_t target = 1;
  while (target < old.count &&
         old.has(folder, numbered(folder.name(), target))) {
    ++target;
  }
  for (; target > 1; --target) {
    Status status = move_old(folder, old, numbered(folder.name(), target - 1),
                             numbered(folder.name(), target));
    if (!status.ok()) return status;
  }
  // Without a gap, this is the oldest one.
  const std::string first = numbered(folder.name(), 1);
  for (const std::string_view suffix : old.suffixes()) {
    if (!suffix.empty()) {
      static_cast<void>(folder.remove(first + std::string(suffix)));
    }
  }
  return move(folder, folder.name(), first);
}

Status rotate_by_date(const Folder& folder, const OldFiles& old,
                      const std::string& date) {
  constexpr unsigned kMostOfOneDate = 10000;
  const std::string dated = folder.name() + "." + date;
  std::string target = dated;
  for (unsigned number = 1; old.has(folder, target); ++number) {
    if (number > kMostOfOneDate) {
      return Status(Code::unavailable,
                    "all names for files of one date are taken, up to " +
                        quoted(folder.path_of(target)));
    }
    target = numbered(dated, number);
  }
  return move(folder, folder.name(), target);
}

void remove_old_dated(const Folder& folder, const OldFiles& old) {
  const std::vector<std::string> names = old.find(folder);
  for (std::size_t i = old.count; i < names.size(); ++i) {
    for (const std::string_view suffix : old.suffixes()) {
      static_cast<void>(folder.remove(names[i] + std::string(suffix)));
    }
  }
}

void check_rotation(const Folder& folder, const OldFiles& old,
                    CheckFindings& findings) {
  const std::string consequence =
      "; the file would not be rotated, and grow without limit";
  if (::faccessat(folder.descriptor(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    findings.warn("nothing can be renamed in the folder of " +
                  quoted(folder.path_of(folder.name())) + ": " +
                  error_advice(errno) + consequence);
  }
  for (std::size_t number = 1; !old.dated && number <= old.count; ++number) {
    struct stat info;
    if (!folder.look_up(numbered(folder.name(), number), &info)) break;
    if (S_ISDIR(info.st_mode)) {
      findings.warn(quoted(folder.path_of(numbered(folder.name(), number))) +
                    " is a folder" + consequence);
    }
  }
  Status status = folder.check_file(folder.name() + ".lock", true);
  if (!status.ok()) {
    findings.warn(std::string(status.message()) + consequence);
  }
}

}  // namespace stogger
