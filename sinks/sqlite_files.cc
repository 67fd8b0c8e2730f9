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

}  // namespace stogger
