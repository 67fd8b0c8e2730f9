#include "os/folder_walk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "base/quote.h"
#include "os/creation.h"
#include "os/file.h"
#include "os/ownership.h"

namespace stogger {
namespace {

constexpr int kMostLinks = 40;  // as the kernel

// O_PATH: the right to search a folder is enough.
constexpr int kFolder = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kAnything = O_PATH | O_NOFOLLOW | O_CLOEXEC;

Descriptor open_at(const Descriptor& folder, const char* name,
                   int flags) noexcept {
  return Descriptor(::openat(folder.get(), name, flags));
}

bool is_on_procfs(const Descriptor& folder) noexcept {
  struct statfs info;
  return ::fstatfs(folder.get(), &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

Status FolderWalk::go(const std::string& path, int* error) {
  rest_ = path;
  Status status = start();
  while (status.ok() && !done_) status = step();
  if (status.ok()) {
    folder_ = Descriptor(above_standard_streams(folder_.release()));
    if (!folder_) status = fail(errno, path);
  }
  *error = error_;
  return status;
}

std::string FolderWalk::path_of(const std::string& name) const {
  if (path_.empty()) return name;
  return path_.back() == '/' ? path_ + name : path_ + "/" + name;
}

Status FolderWalk::fail(int error, const std::string& name, const char* why) {
  error_ = error;
  return Status(Code::unavailable,
                "cannot open " + quoted(path_of(name)) + ": " +
                    (why != nullptr ? std::string(why) : error_advice(error)));
}

// Begins at the root, or at the working folder.
Status FolderWalk::start() {
  const bool absolute = rest_.starts_with('/');
  path_ = absolute ? "/" : "";
  if (!absolute && has_more_rights_to_files_than_caller()) {
    return fail(EPERM, rest_,
                "the working folder is the choice of the user who started this "
                "program, which has more rights than he has; write a path that "
                "begins with /");
  }
  folder_ = Descriptor(
      ::open(absolute ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return folder_ ? Status() : fail(errno, absolute ? "" : ".");
}

// Takes the next component out of what is left. False if there is none.
bool FolderWalk::next() {
  const std::size_t begin = rest_.find_first_not_of('/');
  if (begin == std::string::npos) return false;
  const std::size_t end = std::min(rest_.find('/', begin), rest_.size());
  name_ = rest_.substr(begin, end - begin);
  rest_.erase(0, end);
  last_ = rest_.find_first_not_of('/') == std::string::npos;
  names_folder_ = last_ && !rest_.empty();
  return true;
}

Status FolderWalk::step() {
  if (!next()) return fail(EISDIR, "");
  if (last_ && (names_folder_ || name_ == "." || name_ == "..")) {
    return fail(EISDIR, name_);
  }
  if (name_ == ".") return {};
  if (name_ == "..") return step_up();
  if (last_) return finish();
  for (int i = 0; i < kMostAttempts; ++i) {
    Descriptor folder = open_at(folder_, name_.c_str(), kFolder);
    if (folder) return enter(std::move(folder), folder_);
    if (errno == ENOENT) {
      if (missing_ != Missing::create) {
        complete_ = false;
        done_ = missing_ == Missing::stop;
        return done_ ? Status() : fail(ENOENT, name_);
      }
      Status status = create();
      if (!status.ok()) return status;
      continue;
    }
    if (errno != ENOTDIR && errno != ELOOP) return fail(errno, name_);
    const Descriptor link = open_at(folder_, name_.c_str(), kAnything);
    struct stat info;
    if (!link || ::fstat(link.get(), &info) != 0 || S_ISDIR(info.st_mode)) {
      continue;  // somebody has just put something else there
    }
    if (!S_ISLNK(info.st_mode)) return fail(ENOTDIR, name_);
    bool magic = false;
    Status status = follow(link, &magic);
    if (!status.ok() || !magic) return status;
    folder = open_at(folder_, name_.c_str(), kFolder & ~O_NOFOLLOW);
    return folder ? enter(std::move(folder), folder_) : fail(errno, name_);
  }
  return fail(EAGAIN, name_, "others keep changing what is there");
}

Status FolderWalk::enter(Descriptor folder, const Descriptor& parent) {
  struct stat info;
  struct stat above;
  if (::fstat(folder.get(), &info) != 0 || ::fstat(parent.get(), &above) != 0) {
    return fail(errno, name_);
  }
  if (is_trap(info, above)) {
    const std::string why =
        "the folder belongs to another user (uid " +
        std::to_string(info.st_uid) +
        "), who may have made it for this purpose, for it lies in one that "
        "all may write to; give it to root" +
        (is_trusted_user(::geteuid())
             ? " or to the user of this process (uid " +
                   std::to_string(::geteuid()) + ")"
             : std::string()) +
        ", or choose another path";
    return fail(EPERM, name_, why.c_str());
  }
  path_ = path_of(name_);
  folder_ = std::move(folder);
  return {};
}

Status FolderWalk::step_up() {
  Descriptor folder = open_at(folder_, "..", kFolder);
  if (!folder) return fail(errno, "..");
  const Descriptor parent = open_at(folder, "..", kFolder);
  if (!parent) return fail(errno, "..");
  const std::string path = path_;
  Status status = enter(std::move(folder), parent);
  if (!status.ok()) return status;
  path_ = path;
  const std::size_t slash = path_.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  if (path_.empty() || path_.compare(begin, std::string::npos, "..") == 0) {
    path_ = path_of("..");
  } else if (path_ != "/") {
    path_.erase(slash == 0 ? 1 : begin == 0 ? 0 : slash);
  }
  return {};
}

Status FolderWalk::create() {
  const mode_t mode = mode_in(folder_.get(), mode_);
  if (::mkdirat(folder_.get(), name_.c_str(), mode) == 0) {
    settle(folder_.get(), name_, mode);
    return {};
  }
  if (errno == EEXIST) return {};
  error_ = errno;
  return Status(Code::unavailable, "cannot create the folder " +
                                       quoted(path_of(name_)) + ": " +
                                       error_advice(error_));
}

// At the last component, which need not be there.
Status FolderWalk::finish() {
  const Descriptor link = open_at(folder_, name_.c_str(), kAnything);
  struct stat info;
  if (!link || ::fstat(link.get(), &info) != 0) {
    if (errno != ENOENT) return fail(errno, name_);
    done_ = true;
    return {};
  }
  if (S_ISLNK(info.st_mode)) return follow(link, &magic_);
  done_ = true;
  return {};
}

// Puts what the link says before what is left to go, unless it is magic.
Status FolderWalk::follow(const Descriptor& link, bool* magic) {
  struct stat info;
  struct stat folder;
  if (::fstat(link.get(), &info) != 0 || ::fstat(folder_.get(), &folder) != 0) {
    return fail(errno, name_);
  }
  if (!is_trusted_user(info.st_uid)) {
    return fail(ELOOP, name_,
                "it is a symbolic link of another user; remove it, or choose "
                "another path");
  }
  if (can_others_change(folder)) {
    return fail(ELOOP, name_,
                "it is a symbolic link in a folder that others may change; "
                "write the path that it leads to");
  }
  if (++links_ > kMostLinks) return fail(ELOOP, name_);
  char text[PATH_MAX];
  const ssize_t size = ::readlinkat(link.get(), "", text, sizeof text);
  if (size < 0) return fail(errno, name_);
  if (size == sizeof text) return fail(ENAMETOOLONG, name_);
  std::string target(text, static_cast<std::size_t>(size));
  if (is_on_procfs(folder_)) {
    // /proc/self is an ordinary link; those of /proc/self/fd are not.
    *magic = target.starts_with('/') || target.find(':') != std::string::npos;
    if (*magic && has_more_rights_to_files_than_caller()) {
      // To open it again is to open it with the rights of this program, even if
      // that user was able to open it only to read, or not at all (O_PATH).
      return fail(ELOOP, name_,
                  "what it leads to is the choice of the user who started this "
                  "program, which has more rights than he has; write the path "
                  "of a file, or use a sink of type \"console\"");
    }
    if (*magic) {
      done_ = last_;
      return {};
    }
  }
  rest_.insert(0, target);
  return target.starts_with('/') ? start() : Status();
}

}  // namespace stogger
