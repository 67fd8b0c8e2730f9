#include "os/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "base/quote.h"
#include "os/creation.h"
#include "os/file.h"
#include "os/folder_walk.h"
#include "os/ownership.h"

namespace stogger {
namespace {

constexpr int kAlways = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int errno_of(int result) noexcept { return result == 0 ? 0 : errno; }

}  // namespace

mode_t lock_mode(mode_t file_mode) noexcept {
  return (file_mode & S_IWGRP) != 0 ? 0660 : 0600;
}

RootFolder RootFolder::now() noexcept {
  struct stat root;
  return ::stat("/", &root) == 0 ? RootFolder{root.st_dev, root.st_ino}
                                 : RootFolder();
}

Status Folder::open(const std::string& path, const FileModes& modes,
                    bool create) {
  bool complete = true;
  return walk(path, modes,
              create ? FolderWalk::Missing::create : FolderWalk::Missing::fail,
              &complete);
}

Status Folder::open_same(const Folder& other) {
  close();
  descriptor_.reset(
      ::fcntl(other.descriptor(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!is_open()) return failure("", errno);
  path_ = other.path_;
  name_ = other.name_;
  modes_ = other.modes_;
  open_to_others_ = other.open_to_others_;
  gives_group_to_all_ = other.gives_group_to_all_;
  magic_ = other.magic_;
  root_ = other.root_;
  return {};
}

Status Folder::open_again(const Folder& before, const std::string& path,
                          const FileModes& modes) {
  if (!before.has_other_root()) return open(path, modes, true);
  Status status = open_same(before);
  modes_ = modes;
  return status;
}

Status Folder::open_for_check(const std::string& path, const FileModes& modes,
                              bool* complete) {
  return walk(path, modes, FolderWalk::Missing::stop, complete);
}

Status Folder::walk(const std::string& path, const FileModes& modes,
                    FolderWalk::Missing missing, bool* complete) {
  close();
  modes_ = modes;
  FolderWalk walk(missing, modes.folder);
  int error = 0;
  Status status = walk.go(path, &error);
  if (!status.ok()) return status;
  path_ = walk.path();
  name_ = walk.name();
  magic_ = walk.ends_in_magic_link();
  *complete = walk.is_complete();
  Descriptor folder = walk.take_folder();
  struct stat info;
  if (::fstat(folder.get(), &info) != 0) return failure("", errno);
  open_to_others_ = can_others_change(info);
  gives_group_to_all_ =
      (info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISGID) != 0;
  descriptor_ = std::move(folder);
  root_ = RootFolder::now();
  return {};
}

std::string Folder::path_of(const std::string& name) const {
  if (path_.empty()) return name;
  return path_.back() == '/' ? path_ + name : path_ + "/" + name;
}

bool Folder::has_other_root() const noexcept {
  return is_open() && root_ != RootFolder::now();
}

Folder::Way Folder::find_way(const std::string& path, const struct stat& file,
                             std::uint64_t* size) const noexcept {
  struct stat found;
  bool is_found = find_file(path, &found);
  if (!(is_found && is_same_file(found, file)) && has_other_root()) {
    is_found = look_up(name_, &found);
  }
  if (!is_found) return errno == EACCES ? Way::unknown : Way::elsewhere;
  if (!is_same_file(found, file)) return Way::elsewhere;
  *size = static_cast<std::uint64_t>(found.st_size);
  return Way::to_file;
}

bool Folder::is_at(const std::string& path) const {
  if (has_other_root()) return true;
  Folder other;
  struct stat info;
  struct stat own;
  return is_open() && other.open(path, modes_, false).ok() &&
         ::fstat(other.descriptor(), &info) == 0 &&
         ::fstat(descriptor(), &own) == 0 && info.st_ino == own.st_ino &&
         info.st_dev == own.st_dev && other.name_ == name_;
}

Status Folder::open_file(const std::string& name, int flags, Creation creation,
                         mode_t mode, int* descriptor, int* error) const {
  *descriptor = -1;
  const bool truncate = (flags & O_TRUNC) != 0;
  flags = (flags & ~O_TRUNC) | kAlways | (magic_ ? 0 : O_NOFOLLOW);
  bool created = false;
  mode = mode_in(this->descriptor(), mode != 0 ? mode : modes_.file);
  Descriptor file(above_standard_streams(
      open_or_create(name, flags, creation, mode, &created)));
  if (!file) {
    *error = errno;
    return failure(name, *error);
  }
  struct stat info;
  if (::fstat(file.get(), &info) != 0) {
    *error = errno;
    return failure(name, *error);
  }
  // What has just been created may belong to another user all the same: on a
  // network file system that knows no root.
  if (!created) {
    Status status = refuse(name, info, error);
    if (!status.ok()) return status;
  } else {
    settle(this->descriptor(), file.get(), mode);
  }
  if (truncate && S_ISREG(info.st_mode) && ::ftruncate(file.get(), 0) != 0) {
    *error = errno;
    return failure(name, *error);
  }
  *error = 0;
  *descriptor = file.release();
  return {};
}

int Folder::open_or_create(const std::string& name, int flags,
                           Creation creation, mode_t mode,
                           bool* created) const noexcept {
  for (int i = 0; i < kMostAttempts; ++i) {
    int file = -1;
    if (creation != Creation::always_new) {
      do {
        file = ::openat(descriptor(), name.c_str(), flags);
      } while (file == -1 && errno == EINTR);
      if (file != -1 || errno != ENOENT || creation == Creation::never) {
        return file;
      }
    }
    do {
      file =
          ::openat(descriptor(), name.c_str(), flags | O_CREAT | O_EXCL, mode);
    } while (file == -1 && errno == EINTR);
    *created = file != -1;
    // Somebody else may have been quicker.
    if (file != -1 || errno != EEXIST || creation == Creation::always_new) {
      return file;
    }
  }
  return -1;
}

// Whether what is there may be used.
Status Folder::refuse(const std::string& name, const struct stat& info,
                      int* error) const {
  std::string why;
  if (S_ISDIR(info.st_mode)) {
    *error = EISDIR;
    return failure(name, EISDIR);
  }
  if (magic_) return {};
  if (S_ISLNK(info.st_mode)) {
    *error = ELOOP;
    return failure(name, ELOOP);
  }
  // The group of a file says nothing where everybody's have it.
  if (!is_trusted_user(info.st_uid) &&
      ((info.st_mode & S_IRWXO) != 0 || gives_group_to_all_ ||
       !is_own_group(info.st_gid))) {
    *error = EPERM;
    why = "it belongs to another user (uid " + std::to_string(info.st_uid) +
          "); remove it, or choose another path";
  } else if (S_ISREG(info.st_mode) && info.st_nlink > 1 && open_to_others_) {
    *error = EMLINK;
    why =
        "it has other names, too (hard links), and lies in a folder that "
        "others may change; remove it, or choose another path";
  } else {
    return {};
  }
  return Status(Code::unavailable,
                "cannot open " + quoted(path_of(name)) + ": " + why);
}

Status Folder::failure(const std::string& name, int error) const {
  std::string why;
  struct stat info;
  if (error == ENXIO && stat_target(name, &info) && S_ISFIFO(info.st_mode)) {
    why = "nobody reads this FIFO; start its reader";
  } else if (error == ENXIO && stat_target(name, &info) &&
             S_ISSOCK(info.st_mode)) {
    why = "it is a socket; name a file instead";
  } else if (error == ELOOP) {
    // Links that may be followed have been: this one has come since.
    why = "it is a symbolic link; remove it, or choose another path";
  } else {
    why = error_advice(error);
  }
  return Status(Code::unavailable,
                "cannot open " + quoted(path_of(name)) + ": " + why);
}

bool Folder::stat_target(const std::string& name,
                         struct stat* info) const noexcept {
  return ::fstatat(descriptor(), name.c_str(), info,
                   magic_ ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

bool Folder::look_up(const std::string& name,
                     struct stat* info) const noexcept {
  return ::fstatat(descriptor(), name.c_str(), info, AT_SYMLINK_NOFOLLOW) == 0;
}

bool Folder::exists(const std::string& name) const noexcept {
  struct stat info;
  return look_up(name, &info) || errno != ENOENT;
}

Status Folder::check_file(const std::string& name, bool writable) const {
  struct stat info;
  const bool there = stat_target(name, &info);
  if (!there && errno != ENOENT) return failure(name, errno);
  if (there) {
    int error = 0;
    Status status = refuse(name, info, &error);
    if (!status.ok()) return status;
  }
  if (!writable) return {};
  const int result =
      there ? ::faccessat(descriptor(), name.c_str(), W_OK, AT_EACCESS)
            : ::faccessat(descriptor(), ".", W_OK | X_OK, AT_EACCESS);
  if (result == 0) return {};
  const int error = errno;
  if (there) return failure(name, error);
  return Status(Code::unavailable, "cannot create " + quoted(path_of(name)) +
                                       ": " + error_advice(error));
}

int Folder::create_empty(const std::string& name, mode_t mode) const {
  mode = mode_in(descriptor(), mode);
  if (::mknodat(descriptor(), name.c_str(), S_IFREG | mode, 0) != 0) {
    return errno;
  }
  settle(descriptor(), name, mode);
  return 0;
}

mode_t Folder::mode_of_new(mode_t mode) const {
  return mode_in(descriptor(), mode);
}

int Folder::rename(const std::string& from,
                   const std::string& to) const noexcept {
  return errno_of(
      ::renameat(descriptor(), from.c_str(), descriptor(), to.c_str()));
}

int Folder::rename_to_new(const std::string& from,
                          const std::string& to) const noexcept {
  const int error = errno_of(::renameat2(
      descriptor(), from.c_str(), descriptor(), to.c_str(), RENAME_NOREPLACE));
  if (error != EINVAL && error != ENOSYS && error != EOPNOTSUPP) return error;
  return exists(to) ? EEXIST : rename(from, to);
}

int Folder::remove(const std::string& name) const noexcept {
  return errno_of(::unlinkat(descriptor(), name.c_str(), 0));
}

int Folder::remove_folder(const std::string& name) const noexcept {
  return errno_of(::unlinkat(descriptor(), name.c_str(), AT_REMOVEDIR));
}

int Folder::sync() const noexcept {
  const Descriptor folder(
      ::openat(descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder ? errno_of(::fsync(folder.get())) : errno;
}

int Folder::list(std::vector<std::string>* names) const {
  const int folder =
      ::openat(descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder == -1) return errno;
  const auto close = [](DIR* opened) { ::closedir(opened); };
  const std::unique_ptr<DIR, decltype(close)> entries(::fdopendir(folder),
                                                      close);
  if (!entries) {
    const int error = errno;
    ::close(folder);
    return error;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names->emplace_back(name);
    errno = 0;
  }
  return errno;
}

}  // namespace stogger
