#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "tests/sim/threads.h"

using stogger::SimThreads;

namespace {

template <class Function>
Function* the_real(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
#define STOGGER_REAL(name)                              \
  [] {                                                  \
    static auto* const real = the_real(&::name, #name); \
    return real;                                        \
  }()

std::int64_t ns_of(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

}  // namespace

namespace stogger {

bool SimThreads::try_lock(pthread_mutex_t* mutex) {
  kill_after_instructions(0);
  if (STOGGER_REAL(pthread_mutex_trylock)(mutex) != 0) return false;
  locked_.push_back(mutex);
  return true;
}

void SimThreads::lock(pthread_mutex_t* mutex) {
  pause();
  while (!try_lock(mutex)) wait(mutex, kForEver);
}

void SimThreads::unlock(pthread_mutex_t* mutex) {
  kill_after_instructions(0);
  const auto found = std::find(locked_.rbegin(), locked_.rend(), mutex);
  if (found != locked_.rend()) locked_.erase(std::next(found).base());
  STOGGER_REAL(pthread_mutex_unlock)(mutex);
  wake(mutex, false);
}

}  // namespace stogger

// In place of functions of the C library.
extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                   void* (*function)(void*), void* argument) noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) {
    return STOGGER_REAL(pthread_create)(thread, attributes, function, argument);
  }
  *thread = threads->spawn([function, argument] { function(argument); });
  threads->pause();
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) return STOGGER_REAL(pthread_join)(thread, result);
  threads->join(thread);
  return 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) return STOGGER_REAL(pthread_mutex_lock)(mutex);
  threads->lock(mutex);
  return 0;
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) return STOGGER_REAL(pthread_mutex_trylock)(mutex);
  return threads->try_lock(mutex) ? 0 : EBUSY;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) return STOGGER_REAL(pthread_mutex_unlock)(mutex);
  threads->unlock(mutex);
  threads->pause();
  return 0;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) {
    return STOGGER_REAL(pthread_cond_wait)(condition, mutex);
  }
  threads->unlock(mutex);
  static_cast<void>(threads->wait(condition, SimThreads::kForEver));
  threads->lock(mutex);
  return 0;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           clockid_t clock, const timespec* until) {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) {
    return STOGGER_REAL(pthread_cond_clockwait)(condition, mutex, clock, until);
  }
  const std::int64_t offset =
      clock == CLOCK_REALTIME ? threads->wall_ns() - threads->now_ns() : 0;
  threads->unlock(mutex);
  const bool is_woken = threads->wait(condition, ns_of(*until) - offset);
  threads->lock(mutex);
  return is_woken ? 0 : ETIMEDOUT;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  if (SimThreads::current() == nullptr) {
    return STOGGER_REAL(pthread_cond_timedwait)(condition, mutex, until);
  }
  return ::pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, until);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) return STOGGER_REAL(pthread_cond_signal)(condition);
  threads->wake(condition, false);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) {
    return STOGGER_REAL(pthread_cond_broadcast)(condition);
  }
  threads->wake(condition, true);
  return 0;
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
  }
  threads->pause();
  const std::int64_t ns =
      clock == CLOCK_REALTIME ? threads->wall_ns() : threads->now_ns();
  now->tv_sec = static_cast<time_t>(ns / 1000000000);
  now->tv_nsec = static_cast<long>(ns % 1000000000);
  return 0;
}

int nanosleep(const timespec* time, timespec* left) {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) {
    return static_cast<int>(::syscall(SYS_nanosleep, time, left));
  }
  threads->sleep(ns_of(*time));
  return 0;
}

int sched_yield() noexcept {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) return static_cast<int>(::syscall(SYS_sched_yield));
  threads->sleep(1000);
  return 0;
}

ssize_t getrandom(void* bytes, size_t count, unsigned flags) {
  SimThreads* const threads = SimThreads::current();
  if (threads == nullptr) {
    return ::syscall(SYS_getrandom, bytes, count, flags);
  }
  for (size_t i = 0; i < count; ++i) {
    static_cast<unsigned char*>(bytes)[i] =
        static_cast<unsigned char>(threads->random_number());
  }
  return static_cast<ssize_t>(count);
}

// All threads are one, whose name and signals stay as they are.
int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  if (SimThreads::current() != nullptr) return 0;
  return STOGGER_REAL(pthread_setname_np)(thread, name);
}

int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  if (SimThreads::current() == nullptr) {
    return ::sigprocmask(how, set, before) == 0 ? 0 : errno;
  }
  if (before != nullptr) ::sigemptyset(before);
  return 0;
}

}  // extern "C"
