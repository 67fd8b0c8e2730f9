#include "os/process.h"

#include <pthread.h>

#include <atomic>
#include <mutex>

namespace stogger {
namespace {

// All of it is there before any code runs, and is never destroyed.
constinit ForkTable table;
constinit std::mutex no_fork;  // taken before any lock of a part
constinit std::atomic<std::uint64_t> moments{0};

[[maybe_unused]] const int registered = pthread_atfork(
    [] {
      no_fork.lock();
      ++moments;
      table.before();
    },
    [] {
      table.after_in_parent();
      ++moments;
      no_fork.unlock();
    },
    [] {
      table.after_in_child();
      ++moments;
      no_fork.unlock();
    });

}  // namespace

bool handle_fork(ForkPart part, const ForkHandlers& handlers) noexcept {
  table.set(part, handlers);
  return true;
}

std::uint64_t fork_moments() noexcept { return moments; }

NoFork::NoFork() { no_fork.lock(); }
NoFork::~NoFork() { no_fork.unlock(); }

}  // namespace stogger
