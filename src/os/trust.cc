#include "os/trust.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include "os/file.h"
#include "os/ownership.h"

namespace stogger {
namespace {

// Then its owner and mode are of no importance. Volumes with configurations are
// mounted so in containers, often with mode 0777.
bool is_read_only(const std::string& path) noexcept {
  struct statvfs info = {};
  return ::statvfs(path.c_str(), &info) == 0 && (info.f_flag & ST_RDONLY) != 0;
}

// What is in the wrong place.
constexpr const char* kMove =
    "move the file to a folder that only root may write to";

constexpr int kMostSteps = 1000;  // names and links of a path

class Walk {
 public:
  Walk()
      : root_(::geteuid() == 0),
        strict_(root_ || has_more_rights_than_caller()) {}

  std::string find_fault(const std::string& path, int descriptor);

 private:
  // Others than those who are trusted.
  mode_t writable_for_others(const struct stat& info) const noexcept {
    return info.st_mode & (strict_ ? S_IWGRP | S_IWOTH : S_IWOTH);
  }
  std::string reason() const {
    if (!strict_) return "a program obeys only what not everybody can change";
    return std::string(root_ ? "root obeys"
                             : "a program with more rights than "
                               "its caller obeys") +
           " only what nobody else can change";
  }

  std::string check_owner(const std::string& path, const struct stat& info);
  std::string check_mode(const std::string& path, const struct stat& info);
  std::string check(const std::string& path, const struct stat& info);
  std::string check_way(const std::string& path, const struct stat& info);
  std::string follow(const std::string& path, std::string* target);

  const bool root_;
  const bool strict_;
};

std::string Walk::check_owner(const std::string& path,
                              const struct stat& info) {
  if (!strict_ || is_trusted_author(info.st_uid)) return {};
  // A folder of other users is theirs for a reason.
  return path + " belongs to user " + std::to_string(info.st_uid) + "; " +
         reason() + ": " +
         (S_ISDIR(info.st_mode) ? kMove : "chown root " + path);
}

std::string Walk::check_mode(const std::string& path, const struct stat& info) {
  if (writable_for_others(info) == 0) return {};
  // A folder like /tmp is for everybody.
  const bool is_for_all =
      S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
  return path + " can be written by others; " + reason() + ": " +
         (is_for_all
              ? kMove
              : std::string("chmod ") + (strict_ ? "go-w " : "o-w ") + path);
}

std::string Walk::check(const std::string& path, const struct stat& info) {
  std::string fault = check_owner(path, info);
  if (fault.empty()) fault = check_mode(path, info);
  return fault.empty() || is_read_only(path) ? std::string() : fault;
}

std::string Walk::check_way(const std::string& path, const struct stat& info) {
  const bool sticky = (info.st_mode & S_ISVTX) != 0;
  if (!sticky) return check(path, info);
  std::string fault = check_owner(path, info);
  return fault.empty() || is_read_only(path) ? std::string() : fault;
}

std::string Walk::follow(const std::string& path, std::string* target) {
  char name[PATH_MAX];
  const ssize_t size = ::readlink(path.c_str(), name, sizeof name);
  if (size <= 0 || static_cast<std::size_t>(size) == sizeof name) {
    return "the link " + path + " cannot be read";
  }
  target->assign(name, static_cast<std::size_t>(size));
  return {};
}

// Goes the way of the kernel, name by name.
std::string Walk::find_fault(const std::string& path, int descriptor) {
  struct stat opened = {};
  struct stat folder = {};
  if (::fstat(descriptor, &opened) != 0) return error_text(errno);
  std::string done;  // a folder, without a slash at its end
  std::string rest = path;
  if (!rest.starts_with('/')) {
    rest = std::filesystem::current_path().string() + "/" + path;
  }
  const auto enter = [&](std::string next) {
    done = std::move(next);
    const std::string shown = done.empty() ? "/" : done;
    if (::lstat(shown.c_str(), &folder) != 0) {
      return shown + ": " + error_text(errno);
    }
    return check_way(shown, folder);
  };
  if (std::string fault = enter({}); !fault.empty()) return fault;
  for (int step = 0; step < kMostSteps; ++step) {
    const std::size_t begin =
        std::min(rest.find_first_not_of('/'), rest.size());
    const std::size_t end = std::min(rest.find('/', begin), rest.size());
    const std::string name = rest.substr(begin, end - begin);
    rest.erase(0, end);
    if (name.empty()) return path + " is a folder";
    if (name == ".") continue;
    const std::string next =
        name == ".." ? done.substr(0, std::min(done.rfind('/'), done.size()))
                     : done + "/" + name;
    struct stat info = {};
    if (::lstat(next.empty() ? "/" : next.c_str(), &info) != 0) {
      return next + ": " + error_text(errno);
    }
    std::string fault;
    if (S_ISDIR(info.st_mode)) {
      fault = enter(next);
    } else if (S_ISLNK(info.st_mode)) {
      std::string target;
      if (!is_read_only(done.empty() ? "/" : done)) {
        fault = check_owner(next, info);
      }
      if (fault.empty()) fault = follow(next, &target);
      if (fault.empty() && target.starts_with('/')) fault = enter({});
      rest = target + rest;
    } else if (info.st_dev != opened.st_dev || info.st_ino != opened.st_ino) {
      return path + " was replaced while it was opened";
    } else {
      fault = check(next, info);
      if (!fault.empty() || !strict_) return fault;
      return check(done.empty() ? "/" : done, folder);
    }
    if (!fault.empty()) return fault;
  }
  return path + " has too many links on its way";
}

}  // namespace

std::string why_untrusted(const std::string& path, int descriptor) {
  return Walk().find_fault(path, descriptor);
}

}  // namespace stogger
