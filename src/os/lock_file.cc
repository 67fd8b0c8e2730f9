#include "os/lock_file.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/quote.h"
#include "os/folder.h"
#include "os/lock_holder.h"
#include "os/monotonic.h"

namespace stogger {
namespace {

bool set_lock(int descriptor, short type) noexcept {
  struct flock whole = {};
  whole.l_type = type;
  whole.l_whence = SEEK_SET;
  int result = -1;
  do {
    result = ::fcntl(descriptor, F_OFD_SETLK, &whole);
  } while (result == -1 && errno == EINTR);
  return result == 0;
}

// Whoever shares the guarded file by its group shares the lock. The umask has
// had its say when that file was created.
void share(int descriptor, const struct stat& guarded) noexcept {
  struct stat own;
  if (lock_mode(guarded.st_mode) == 0600 || ::fstat(descriptor, &own) != 0) {
    return;
  }
  if (own.st_gid == guarded.st_gid ||
      ::fchown(descriptor, static_cast<uid_t>(-1), guarded.st_gid) == 0) {
    static_cast<void>(::fchmod(descriptor, lock_mode(guarded.st_mode)));
  }
}

}  // namespace

Status LockFile::open(const Folder& folder, const std::string& name,
                      const struct stat& guarded) {
  close();
  path_ = folder.path_of(name);
  constexpr int kMostTries = 4;  // where others remove it all the time
  Status status;
  for (int i = 0; i < kMostTries; ++i) {
    int file = -1;
    int error = 0;
    status = folder.open_file(name, O_RDWR, Folder::Creation::never, 0, &file,
                              &error);
    if (error == ENOENT) {
      status = folder.open_file(name, O_RDWR, Folder::Creation::always_new,
                                0600, &file, &error);
      if (status.ok()) share(file, guarded);
    }
    descriptor_.reset(file);
    if (error != ENOENT && error != EEXIST) break;
  }
  return status;
}

Status LockFile::open(const Folder& folder, const std::string& name,
                      mode_t mode) {
  close();
  path_ = folder.path_of(name);
  int file = -1;
  int error = 0;
  Status status = folder.open_file(name, O_RDWR, Folder::Creation::if_missing,
                                   mode, &file, &error);
  descriptor_.reset(file);
  return status;
}

Status LockFile::open_existing(const Folder& folder, const std::string& name) {
  close();
  path_ = folder.path_of(name);
  int file = -1;
  int error = 0;
  Status status =
      folder.open_file(name, O_RDWR, Folder::Creation::never, 0, &file, &error);
  descriptor_.reset(file);
  return status;
}

bool LockFile::is_at(const Folder& folder,
                     const std::string& name) const noexcept {
  struct stat named;
  struct stat own;
  // Who has fewer rights than before cannot see it any more.
  if (!folder.look_up(name, &named)) return errno == EACCES;
  return ::fstat(descriptor_.get(), &own) == 0 && named.st_ino == own.st_ino &&
         named.st_dev == own.st_dev;
}

bool LockFile::try_lock() noexcept {
  return set_lock(descriptor_.get(), F_WRLCK);
}

bool LockFile::lock() noexcept {
  constexpr std::int64_t kLongest = 100;  // milliseconds
  if (try_lock()) return true;
  const std::int64_t deadline = now_milliseconds() + kLongest;
  while (errno == EAGAIN || errno == EACCES) {
    if (now_milliseconds() >= deadline) return false;
    const timespec millisecond = {0, 1000000};
    ::nanosleep(&millisecond, nullptr);
    if (try_lock()) return true;
  }
  return false;
}

void LockFile::unlock() noexcept { set_lock(descriptor_.get(), F_UNLCK); }

bool LockFile::is_locked(const Folder& folder, const std::string& name) {
  int descriptor = -1;
  int error = 0;
  const Status status = folder.open_file(
      name, O_RDONLY, Folder::Creation::never, 0, &descriptor, &error);
  const Descriptor file(descriptor);
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return status.ok() && ::fcntl(file.get(), F_OFD_GETLK, &whole) == 0 &&
         whole.l_type != F_UNLCK;
}

Status LockFile::failure() const {
  const pid_t holder = find_lock_holder(descriptor_.get());
  const std::string who =
      holder > 0 ? "process " + std::to_string(holder) : "another process";
  return Status(Code::unavailable, who + " keeps " + quoted(path_) +
                                       " locked; if that goes on, end it");
}

}  // namespace stogger
