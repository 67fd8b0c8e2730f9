#include "tests/fault/faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstddef>

#include "tests/support/sanitizer.h"

#if defined(__GLIBC__) && !defined(STOGGER_TEST_SANITIZED)
#define STOGGER_FAILS_ALLOCATIONS
#endif

namespace stogger {
namespace {

constexpr int kMostFunctions = 64;

// Plain data: no constructor runs, and nothing is allocated.
struct State {
  bool active;
  bool goes_on;
  Fault fault;
  int calls;
  int failed;
  const char* first_failed;
  const char* functions[kMostFunctions];
  int counts[kMostFunctions];
};
constinit thread_local State state = {};

void count(const char* function) noexcept {
  for (int i = 0; i < kMostFunctions; ++i) {
    if (state.functions[i] == nullptr) state.functions[i] = function;
    if (::strcmp(state.functions[i], function) != 0) continue;
    ++state.counts[i];
    return;
  }
}

// True if the call that is about to be made is to fail.
bool must_fail(const char* function,
               Victim kind = Victim::system_calls) noexcept {
  if (!state.goes_on || kind != state.fault.victim) return false;
  ++state.calls;
  count(function);
  const Fault& fault = state.fault;
  if (fault.call == 0 || state.calls < fault.call) return false;
  bool fails = state.calls == fault.call;
  switch (fault.extent) {
    case Extent::once:
      break;
    case Extent::same_function:
      fails = fails || ::strcmp(function, state.first_failed) == 0;
      break;
    case Extent::everything:
      fails = true;
  }
  if (!fails) return false;
  if (state.failed++ == 0) state.first_failed = function;
  return true;
}

bool is_short() noexcept { return state.fault.error == 0; }

int error() noexcept { return is_short() ? EIO : state.fault.error; }

template <class Function>
Function real(const char* name) noexcept {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

// Calls the real function, unless the call is to fail.
template <class Function, class... Arguments>
auto call(const char* name, Function function, Arguments... arguments) noexcept
    -> decltype(function(arguments...)) {
  if (must_fail(name)) {
    errno = error();
    return static_cast<decltype(function(arguments...))>(-1);
  }
  return function(arguments...);
}

}  // namespace

FaultScope::FaultScope(const Fault& fault) {
  state = {};
  state.fault = fault;
  state.active = true;
}

FaultScope::~FaultScope() { state.active = state.goes_on = false; }

void FaultScope::go_on() { state.goes_on = state.active; }

void FaultScope::pause() { state.goes_on = false; }

int FaultScope::calls() const { return state.calls; }

int FaultScope::failed() const { return state.failed; }

std::string FaultScope::function() const {
  return state.first_failed == nullptr ? "" : state.first_failed;
}

std::string_view cannot_fail_allocations() {
#if defined(STOGGER_FAILS_ALLOCATIONS)
  return "";
#else
  return "the sanitizer, or this C library, has a malloc of its own";
#endif
}

int calls_of(const char* function) {
  for (int i = 0; i < kMostFunctions && state.functions[i] != nullptr; ++i) {
    if (::strcmp(state.functions[i], function) == 0) return state.counts[i];
  }
  return 0;
}

}  // namespace stogger

// Declared by the C library with attributes and with noexcept here and there;
// so these go by other names here, and by the real ones in the object file.
#define STOGGER_REPLACES(name) __asm__(name)

// One function, with its real one found when it is first called.
#define STOGGER_REPLACEMENT(result, name, parameters, arguments)             \
  extern "C" result replaced_##name parameters STOGGER_REPLACES(#name);      \
  extern "C" result replaced_##name parameters {                             \
    static const auto function = stogger::real<result(*) parameters>(#name); \
    return STOGGER_FORWARD arguments;                                        \
  }
#define STOGGER_FORWARD(name, ...) stogger::call(name, function, __VA_ARGS__)

STOGGER_REPLACEMENT(int, mkdir, (const char* path, mode_t mode),
                    ("mkdir", path, mode))
STOGGER_REPLACEMENT(int, rename, (const char* from, const char* to),
                    ("rename", from, to))
STOGGER_REPLACEMENT(int, unlink, (const char* path), ("unlink", path))
STOGGER_REPLACEMENT(int, mkdirat, (int folder, const char* path, mode_t mode),
                    ("mkdirat", folder, path, mode))
STOGGER_REPLACEMENT(int, renameat,
                    (int folder, const char* from, int other, const char* to),
                    ("renameat", folder, from, other, to))
STOGGER_REPLACEMENT(int, renameat2,
                    (int folder, const char* from, int other, const char* to,
                     unsigned flags),
                    ("renameat2", folder, from, other, to, flags))
STOGGER_REPLACEMENT(int, unlinkat, (int folder, const char* path, int flags),
                    ("unlinkat", folder, path, flags))
STOGGER_REPLACEMENT(int, fstatat,
                    (int folder, const char* path, struct stat* info,
                     int flags),
                    ("fstatat", folder, path, info, flags))
STOGGER_REPLACEMENT(int, fstatat64,
                    (int folder, const char* path, struct stat64* info,
                     int flags),
                    ("fstatat", folder, path, info, flags))
STOGGER_REPLACEMENT(int, fchown, (int file, uid_t user, gid_t group),
                    ("fchown", file, user, group))
STOGGER_REPLACEMENT(int, fchmod, (int file, mode_t mode),
                    ("fchmod", file, mode))
STOGGER_REPLACEMENT(int, access, (const char* path, int mode),
                    ("access", path, mode))
STOGGER_REPLACEMENT(int, stat, (const char* path, struct stat* info),
                    ("stat", path, info))
STOGGER_REPLACEMENT(int, stat64, (const char* path, struct stat64* info),
                    ("stat", path, info))
STOGGER_REPLACEMENT(int, lstat, (const char* path, struct stat* info),
                    ("lstat", path, info))
STOGGER_REPLACEMENT(int, lstat64, (const char* path, struct stat64* info),
                    ("lstat", path, info))
STOGGER_REPLACEMENT(int, statx,
                    (int folder, const char* path, int flags, unsigned mask,
                     struct statx* info),
                    ("statx", folder, path, flags, mask, info))
STOGGER_REPLACEMENT(int, fstat, (int file, struct stat* info),
                    ("fstat", file, info))
STOGGER_REPLACEMENT(int, fstat64, (int file, struct stat64* info),
                    ("fstat", file, info))
STOGGER_REPLACEMENT(int, statfs, (const char* path, struct statfs* info),
                    ("statfs", path, info))
STOGGER_REPLACEMENT(int, ftruncate, (int file, off_t size),
                    ("ftruncate", file, size))
STOGGER_REPLACEMENT(int, ftruncate64, (int file, off64_t size),
                    ("ftruncate", file, size))
STOGGER_REPLACEMENT(int, fsync, (int file), ("fsync", file))
STOGGER_REPLACEMENT(int, fdatasync, (int file), ("fdatasync", file))
STOGGER_REPLACEMENT(int, flock, (int file, int operation),
                    ("flock", file, operation))
STOGGER_REPLACEMENT(off_t, lseek, (int file, off_t offset, int whence),
                    ("lseek", file, offset, whence))
STOGGER_REPLACEMENT(int, poll, (pollfd * files, nfds_t count, int timeout),
                    ("poll", files, count, timeout))
STOGGER_REPLACEMENT(int, socket, (int domain, int type, int protocol),
                    ("socket", domain, type, protocol))
STOGGER_REPLACEMENT(int, connect,
                    (int file, const sockaddr* address, socklen_t size),
                    ("connect", file, address, size))
STOGGER_REPLACEMENT(int, setsockopt,
                    (int file, int level, int name, const void* value,
                     socklen_t size),
                    ("setsockopt", file, level, name, value, size))
STOGGER_REPLACEMENT(ssize_t, sendmsg,
                    (int file, const msghdr* message, int flags),
                    ("sendmsg", file, message, flags))
STOGGER_REPLACEMENT(int, memfd_create, (const char* name, unsigned flags),
                    ("memfd_create", name, flags))
STOGGER_REPLACEMENT(ssize_t, pread,
                    (int file, void* data, std::size_t size, off_t offset),
                    ("pread", file, data, size, offset))
STOGGER_REPLACEMENT(ssize_t, pread64,
                    (int file, void* data, std::size_t size, off64_t offset),
                    ("pread", file, data, size, offset))

// MAP_FAILED is a pointer of -1 too.
extern "C" void* replaced_mmap64(void*, std::size_t, int, int, int, off64_t)
    STOGGER_REPLACES("mmap64");
extern "C" void* replaced_mmap64(void* place, std::size_t size, int protection,
                                 int flags, int file, off64_t offset) {
  static const auto function =
      stogger::real<void* (*)(void*, std::size_t, int, int, int, off64_t)>(
          "mmap64");
  if (file >= 0 && stogger::must_fail("mmap")) {
    errno = stogger::error();
    return MAP_FAILED;
  }
  return function(place, size, protection, flags, file, offset);
}

// Even a close that fails has closed the file.
extern "C" int replaced_close(int file) STOGGER_REPLACES("close");
extern "C" int replaced_close(int file) {
  static const auto function = stogger::real<int (*)(int)>("close");
  const bool fails = stogger::must_fail("close");
  const int result = function(file);
  if (!fails || result != 0) return result;
  errno = stogger::error();
  return -1;
}

namespace stogger {
namespace {

using Open = int (*)(const char*, int, ...);

int open_or_fail(Open function, const char* path, int flags, mode_t mode) {
  if (must_fail("open")) {
    errno = error();
    return -1;
  }
  return function(path, flags, mode);
}

using OpenAt = int (*)(int, const char*, int, ...);

int open_at_or_fail(OpenAt function, int folder, const char* path, int flags,
                    mode_t mode) {
  if (must_fail("openat")) {
    errno = error();
    return -1;
  }
  return function(folder, path, flags, mode);
}

using Control = int (*)(int, int, ...);

int control_or_fail(Control function, int file, int command, void* argument) {
  if (must_fail("fcntl")) {
    errno = error();
    return -1;
  }
  return function(file, command, argument);
}

using Write = ssize_t (*)(int, const void*, std::size_t);

// A write that is cut short takes at least a byte.
std::size_t size_taken(std::size_t size) noexcept {
  return size > 1 ? size / 2 : size;
}

}  // namespace
}  // namespace stogger

extern "C" int replaced_open(const char*, int, ...) STOGGER_REPLACES("open");
extern "C" int replaced_open(const char* path, int flags, ...) {
  static const auto function = stogger::real<stogger::Open>("open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return stogger::open_or_fail(function, path, flags, mode);
}

extern "C" int replaced_open64(const char*, int, ...)
    STOGGER_REPLACES("open64");
extern "C" int replaced_open64(const char* path, int flags, ...) {
  static const auto function = stogger::real<stogger::Open>("open64");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return stogger::open_or_fail(function, path, flags, mode);
}

extern "C" int replaced_openat(int, const char*, int, ...)
    STOGGER_REPLACES("openat");
extern "C" int replaced_openat(int folder, const char* path, int flags, ...) {
  static const auto function = stogger::real<stogger::OpenAt>("openat");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return stogger::open_at_or_fail(function, folder, path, flags, mode);
}

extern "C" int replaced_openat64(int, const char*, int, ...)
    STOGGER_REPLACES("openat64");
extern "C" int replaced_openat64(int folder, const char* path, int flags, ...) {
  static const auto function = stogger::real<stogger::OpenAt>("openat64");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return stogger::open_at_or_fail(function, folder, path, flags, mode);
}

extern "C" int replaced_fcntl(int, int, ...) STOGGER_REPLACES("fcntl");
extern "C" int replaced_fcntl(int file, int command, ...) {
  static const auto function = stogger::real<stogger::Control>("fcntl");
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return stogger::control_or_fail(function, file, command, argument);
}

extern "C" int replaced_fcntl64(int, int, ...) STOGGER_REPLACES("fcntl64");
extern "C" int replaced_fcntl64(int file, int command, ...) {
  static const auto function = stogger::real<stogger::Control>("fcntl64");
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return stogger::control_or_fail(function, file, command, argument);
}

extern "C" ssize_t replaced_write(int, const void*, std::size_t)
    STOGGER_REPLACES("write");
extern "C" ssize_t replaced_write(int file, const void* data,
                                  std::size_t size) {
  static const auto function = stogger::real<stogger::Write>("write");
  if (!stogger::must_fail("write")) return function(file, data, size);
  if (stogger::is_short()) {
    return function(file, data, stogger::size_taken(size));
  }
  errno = stogger::error();
  return -1;
}

extern "C" ssize_t replaced_pwrite64(int, const void*, std::size_t, off64_t)
    STOGGER_REPLACES("pwrite64");
extern "C" ssize_t replaced_pwrite64(int file, const void* data,
                                     std::size_t size, off64_t offset) {
  static const auto function =
      stogger::real<ssize_t (*)(int, const void*, std::size_t, off64_t)>(
          "pwrite64");
  if (!stogger::must_fail("pwrite")) return function(file, data, size, offset);
  if (stogger::is_short()) {
    return function(file, data, stogger::size_taken(size), offset);
  }
  errno = stogger::error();
  return -1;
}

#if defined(STOGGER_FAILS_ALLOCATIONS)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);

void* replaced_malloc(std::size_t size) STOGGER_REPLACES("malloc");
void* replaced_malloc(std::size_t size) {
  if (!stogger::must_fail("malloc", stogger::Victim::allocations)) {
    return __libc_malloc(size);
  }
  errno = ENOMEM;
  return nullptr;
}

void* replaced_calloc(std::size_t count, std::size_t size)
    STOGGER_REPLACES("calloc");
void* replaced_calloc(std::size_t count, std::size_t size) {
  if (!stogger::must_fail("calloc", stogger::Victim::allocations)) {
    return __libc_calloc(count, size);
  }
  errno = ENOMEM;
  return nullptr;
}

void* replaced_realloc(void* block, std::size_t size)
    STOGGER_REPLACES("realloc");
void* replaced_realloc(void* block, std::size_t size) {
  if (!stogger::must_fail("realloc", stogger::Victim::allocations)) {
    return __libc_realloc(block, size);
  }
  errno = ENOMEM;
  return nullptr;
}
}
#endif
