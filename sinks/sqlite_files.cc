#include "sinks/sqlite_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <iterator>

#include "base/file.h"
#include "sinks/paths.h"

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

constexpr std::int64_t kMillisecond = 1000000;  // ns
constexpr std::int64_t kFirstPause = kMillisecond / 20;
constexpr std::int64_t kLongestLockPause = kMillisecond / 5;
// How long one waits before it queues up, and how long the others respect the
// queue: who is first in it may have been stopped.
constexpr std::int64_t kQueueAfter = 10 * kMillisecond;
constexpr std::int64_t kRespectQueue = 20 * kMillisecond;
constexpr unsigned kTurnsBetweenLooks = 8;

bool rename_file(const std::string& from, const std::string& to) noexcept {
  return ::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace

bool is_network_filesystem(long type) noexcept {
  // Some machines sign-extend the 32 bits.
  return std::find(
             std::begin(kNetworkFilesystems), std::end(kNetworkFilesystems),
             static_cast<std::uint32_t>(type)) != std::end(kNetworkFilesystems);
}

Status check_database_place(const std::string& path, bool write_ahead_log) {
  struct stat info;
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) {
    return Status(Code::invalid, "the path names something that is no file");
  }
  struct statfs system;
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  if (write_ahead_log &&
      ::statfs(exists ? path.c_str() : folder.c_str(), &system) == 0 &&
      is_network_filesystem(static_cast<long>(system.f_type))) {
    return Status(Code::invalid,
                  "the file is on a network file system, where "
                  "write-ahead logging loses data: choose a local folder, or "
                  "journal_mode = \"DELETE\"");
  }
  return {};
}

int database_access_error(const std::string& path) {
  struct stat info;
  const bool exists = ::stat(path.c_str(), &info) == 0;
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  // The log is made beside the file.
  if (exists && ::euidaccess(path.c_str(), R_OK | W_OK) != 0) return errno;
  return ::euidaccess(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

std::string set_aside_database(const std::string& file, Time now) {
  const std::string name = dated_name(file + ".corrupt-", now, "");
  if (!rename_file(file, name)) return {};
  for (const char* const part : {"-wal", "-shm", "-journal"}) {
    rename_file(file + part, name + part);
  }
  return name;
}

void remove_orphaned_log(const std::string& file, Time now) {
  const std::string log = file + "-wal";
  struct stat info;
  if (::stat(log.c_str(), &info) == 0) {
    if (info.st_size == 0) {
      ::unlink(log.c_str());
    } else {
      rename_file(log, dated_name(file + ".orphan-", now, "-wal"));
    }
  }
  // Only an index of the log, made anew whenever it is missing.
  ::unlink((file + "-shm").c_str());
}

bool BoundedWait::wait(std::int64_t longest_ns) noexcept {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  const std::int64_t now =
      static_cast<std::int64_t>(time.tv_sec) * 1000 * kMillisecond +
      time.tv_nsec;
  if (started_ns_ == 0) {
    started_ns_ = now;
    pause_ns_ = kFirstPause;
  }
  waited_ns_ = now - started_ns_;
  if (waited_ns_ >= limit_ns_) return false;
  pause_ns_ = std::min(pause_ns_, longest_ns);
  const timespec pause = {
      0, static_cast<long>(std::min(pause_ns_, limit_ns_ - waited_ns_))};
  ::nanosleep(&pause, nullptr);
  pause_ns_ *= 2;
  return true;
}

FileSizeSignal::FileSizeSignal(bool limited) noexcept : limited_(limited) {
  if (!limited_) return;
  sigset_t pending;
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}

FileSizeSignal::~FileSizeSignal() {
  if (!limited_) return;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);
  const timespec at_once = {0, 0};
  while (!was_pending_ && sigtimedwait(&set, nullptr, &at_once) == -1 &&
         errno == EINTR) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool FileSizeSignal::is_limited() noexcept {
  rlimit limit;
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
         limit.rlim_cur != RLIM_INFINITY;
}

Status ProcessLock::open(const std::string& path) {
  close();
  do {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  } while (descriptor_ == -1 && errno == EINTR);
  if (descriptor_ > STDERR_FILENO) return {};
  if (descriptor_ != -1) {
    // Nobody expects a lock file behind a standard stream.
    const int low = descriptor_;
    descriptor_ = ::fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ::close(low);
    if (descriptor_ != -1) return {};
  }
  return Status(Code::unavailable, "cannot open the lock file \"" + path +
                                       "\": " + error_advice(errno));
}

bool ProcessLock::lock(BoundedWait& wait) noexcept {
  const bool must_look = ++turns_ % kTurnsBetweenLooks == 0;
  if (!(must_look && is_queue_taken()) && try_lock()) return true;
  bool queued = false;
  const bool locked = lock_fairly(wait, &queued);
  if (queued) set_queue(F_UNLCK);
  return locked;
}

bool ProcessLock::lock_fairly(BoundedWait& wait, bool* queued) noexcept {
  while (wait.wait(kLongestLockPause)) {
    const std::int64_t waited = wait.waited_ns();
    if (!*queued && waited > kQueueAfter) *queued = set_queue(F_WRLCK);
    const bool my_turn = *queued || waited > kRespectQueue || !is_queue_taken();
    if (my_turn && try_lock()) return true;
  }
  return false;
}

bool ProcessLock::try_lock() noexcept {
  int result = -1;
  do {
    result = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  } while (result == -1 && errno == EINTR);
  return result == 0 || errno != EWOULDBLOCK;
}

void ProcessLock::unlock() noexcept { ::flock(descriptor_, LOCK_UN); }

bool ProcessLock::is_queue_taken() const noexcept {
  struct flock queue = {};
  queue.l_type = F_WRLCK;
  queue.l_whence = SEEK_SET;
  return ::fcntl(descriptor_, F_OFD_GETLK, &queue) == 0 &&
         queue.l_type != F_UNLCK;
}

bool ProcessLock::set_queue(short type) noexcept {
  struct flock queue = {};
  queue.l_type = type;
  queue.l_whence = SEEK_SET;
  return ::fcntl(descriptor_, F_OFD_SETLK, &queue) == 0;
}

void ProcessLock::close() noexcept {
  if (descriptor_ != -1) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace stogger
