#include "sinks/sqlite/files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <utility>

#include "base/quote.h"
#include "os/file.h"
#include "os/lock_holder.h"
#include "sinks/common/paths.h"

namespace stogger {
namespace {

constexpr std::uint32_t kNetworkFilesystems[] = {
    0x6969,      // NFS
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB 2
    0x517B,      // SMB
    0x5346414F,  // AFS
    0x6B414653,  // kAFS
    0x73757245,  // Coda
    0x564C,      // NCP
    0x01021997,  // 9P, as between a virtual machine and its host
    0x00C36400,  // Ceph
    0x0BD00BD0,  // Lustre
    0x786F4256,  // VirtualBox
};

constexpr std::string_view kParts[] = {"-wal", "-shm", "-journal", ".lock"};

bool is_same(const struct stat& a, const struct stat& b) noexcept {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

}  // namespace

bool is_network_filesystem(long type) noexcept {
  // Some machines sign-extend the 32 bits.
  return std::find(
             std::begin(kNetworkFilesystems), std::end(kNetworkFilesystems),
             static_cast<std::uint32_t>(type)) != std::end(kNetworkFilesystems);
}

Status SqliteFiles::open(const std::string& path, const FileModes& modes,
                         bool write_ahead_log) {
  given_path_ = path;
  modes_ = modes;
  is_look_ = false;
  refusal_ = {};
  Status status = folder_.open(path, modes, true);
  set_names();
  if (status.ok()) status = check_place(write_ahead_log);
  if (status.ok()) status = check_parts();
  if (status.ok()) status = create();
  if (!status.ok()) {
    close();
    return status;
  }
  watched_.begin(folder_.descriptor(), folder_.name());
  return {};
}

void SqliteFiles::close() noexcept {
  // For the file that may come after it.
  struct stat present;
  if (watched_.look_up(&present)) identity_ = present;
  watched_.end();
  folder_.close();
}

Status SqliteFiles::look(const std::string& path, const FileModes& modes,
                         bool write_ahead_log, bool* exists) {
  given_path_ = path;
  modes_ = modes;
  is_look_ = true;
  refusal_ = {};
  *exists = false;
  bool complete = false;
  Status status = folder_.open_for_check(path, modes, &complete);
  set_names();
  if (status.ok()) status = check_place(write_ahead_log);
  if (!status.ok() || !complete) {
    return status.ok() ? folder_.check_file(folder_.name(), true) : status;
  }
  status = folder_.check_file(folder_.name(), true);
  if (status.ok()) status = check_parts();
  if (status.ok()) *exists = folder_.look_up(folder_.name(), &identity_);
  return status;
}

Status SqliteFiles::check_place(bool write_ahead_log) const {
  struct stat info;
  if (folder_.look_up(folder_.name(), &info) && !S_ISREG(info.st_mode)) {
    return Status(Code::invalid, "the path names something that is no file");
  }
  struct statfs system;
  if (write_ahead_log && ::fstatfs(folder_.descriptor(), &system) == 0 &&
      is_network_filesystem(static_cast<long>(system.f_type))) {
    return Status(Code::invalid,
                  "the file is on a network file system, where "
                  "write-ahead logging loses data: choose a local folder, or "
                  "journal_mode = \"DELETE\"");
  }
  return {};
}

Status SqliteFiles::check_parts() const {
  Status status = folder_.check_file(folder_.name(), false);
  for (const std::string_view part : kParts) {
    if (!status.ok()) break;
    status = folder_.check_file(folder_.name() + std::string(part), false);
  }
  return status;
}

// Gives a new file what the one before it had. Nothing has a lock on it yet,
// that closing it would end.
void SqliteFiles::inherit(const struct stat& predecessor) const {
  int descriptor = -1;
  int error = 0;
  if (!folder_
           .open_file(folder_.name(), O_RDWR, Folder::Creation::never, 0,
                      &descriptor, &error)
           .ok()) {
    return;
  }
  const Descriptor owner(descriptor);
  File file;
  file.borrow(descriptor);
  file.inherit(folder_, predecessor);
}

Status SqliteFiles::create() {
  const struct stat before = identity_;
  if (folder_.look_up(folder_.name(), &identity_)) return {};
  const int error = folder_.create_empty(folder_.name(), modes_.file);
  if (error != 0 && error != EEXIST) {
    return Status(Code::unavailable, "cannot create " + quoted(path()) + ": " +
                                         error_advice(error));
  }
  if (error == 0 && before.st_mode != 0) inherit(before);
  Status status = folder_.check_file(folder_.name(), false);
  if (!status.ok() || folder_.look_up(folder_.name(), &identity_)) {
    return status;
  }
  return Status(Code::unavailable, "others remove the file while it is opened");
}

std::string SqliteFiles::name_for_sqlite() const {
  const std::string pinned =
      "/proc/self/fd/" + std::to_string(folder_.descriptor());
  struct stat by_name;
  struct stat opened;
  // Not so where /proc is missing.
  if (::stat(pinned.c_str(), &by_name) == 0 &&
      ::fstat(folder_.descriptor(), &opened) == 0 && is_same(by_name, opened)) {
    return pinned + "/" + folder_.name();
  }
  return folder_.path();
}

bool SqliteFiles::secure_log(bool may_create) noexcept {
  // SQLite opens the index of the log soon after, and asks for nothing then.
  return secure(index_name_, may_create) && secure(log_name_, may_create);
}

bool SqliteFiles::secure_journal(bool may_create) noexcept {
  return secure(journal_name_, may_create);
}

bool SqliteFiles::secure(const std::string& name, bool may_create) noexcept {
  try {
    struct stat info;
    // Of the database's mode, as SQLite does it.
    if (may_create && folder_.is_open_to_others() &&
        identity_.st_uid == ::geteuid() && !folder_.look_up(name, &info)) {
      folder_.create_empty(name, identity_.st_mode);
    }
    refusal_ = folder_.check_file(name, false);
    return refusal_.ok();
  } catch (...) {
    return false;
  }
}

Status SqliteFiles::take_refusal() noexcept {
  return std::exchange(refusal_, {});
}

Folder::Way SqliteFiles::find_way() const noexcept {
  std::uint64_t size = 0;
  return folder_.find_way(given_path_, identity_, &size);
}

void SqliteFiles::set_names() {
  log_name_ = folder_.name() + "-wal";
  index_name_ = folder_.name() + "-shm";
  journal_name_ = folder_.name() + "-journal";
}

std::int64_t SqliteFiles::size_of(std::string_view part) const {
  struct stat info;
  return folder_.look_up(folder_.name() + std::string(part), &info)
             ? info.st_size
             : 0;
}

pid_t SqliteFiles::find_index_lock() const {
  constexpr std::int64_t kLongest = 10000000;
  struct stat index;
  return folder_.look_up(folder_.name() + "-shm", &index)
             ? find_lock_holder(index, kLongest)
             : 0;
}

int SqliteFiles::access_error() const noexcept {
  const auto error_of = [&](const char* name, int mode) {
    return ::faccessat(folder_.descriptor(), name, mode, AT_EACCESS) == 0
               ? 0
               : errno;
  };
  const int error = error_of(folder_.name().c_str(), R_OK | W_OK);
  // The log is made beside the file.
  return error != 0 ? error : error_of(".", W_OK | X_OK);
}

Status SqliteFiles::open_lock(ProcessLock* lock) const {
  const std::string name = folder_.name() + ".lock";
  const mode_t mode = lock_mode(identity_.st_mode);
  int file = -1;
  int error = 0;
  Status status = folder_.open_file(name, O_RDWR, Folder::Creation::if_missing,
                                    mode, &file, &error);
  if (!status.ok()) return status;
  Descriptor descriptor(file);
  struct stat info;
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    return Status(Code::unavailable, "the lock file " +
                                         quoted(folder_.path_of(name)) +
                                         " is no file: remove it");
  }
  // Earlier versions let everyone open it, and so stop the writers.
  if (info.st_uid == ::geteuid() && (info.st_mode & 0777 & ~mode) != 0) {
    static_cast<void>(::fchmod(file, info.st_mode & mode));
  }
  lock->use(descriptor.release());
  return {};
}

std::string SqliteFiles::set_aside(Time now) const {
  constexpr int kAttempts = 4;
  std::string name;
  int error = EEXIST;
  for (int i = 0; i < kAttempts && error == EEXIST; ++i) {
    name = dated_name(folder_, folder_.name() + ".corrupt-", now, "");
    error = folder_.rename_to_new(folder_.name(), name);
  }
  if (error != 0) {
    errno = error;
    return {};
  }
  for (const std::string_view part : kParts) {
    if (part == ".lock") continue;
    folder_.rename_to_new(folder_.name() + std::string(part),
                          name + std::string(part));
  }
  return folder_.path_of(name);
}

void SqliteFiles::remove_orphaned_log(Time now) const {
  const std::string log = folder_.name() + "-wal";
  if (size_of("-wal") != 0) {
    folder_.rename_to_new(
        log, dated_name(folder_, folder_.name() + ".orphan-", now, "-wal"));
  } else {
    folder_.remove(log);
  }
  // Only an index of the log, made again whenever it is missing.
  folder_.remove(folder_.name() + "-shm");
}

FileSizeSignal::FileSizeSignal(bool limited) noexcept {
  if (limited) signal_.emplace(SIGXFSZ);
}

FileSizeSignal::~FileSizeSignal() {
  if (signal_) signal_->consume();
}

bool FileSizeSignal::is_limited() noexcept {
  rlimit limit;
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
         limit.rlim_cur != RLIM_INFINITY;
}

}  // namespace stogger
