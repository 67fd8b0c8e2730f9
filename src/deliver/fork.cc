#include "deliver/fork.h"

#include <pthread.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "base/timestamp.h"
#include "deliver/hub.h"

namespace stogger {
namespace {

// All of it is there before any code runs, and is never destroyed.
constinit std::mutex no_fork;  // taken before the other
constinit std::mutex hubs_mutex;
constinit std::vector<Hub*>* hubs = nullptr;
constinit std::atomic<std::uint64_t> moments{0};

void before_fork() {
  no_fork.lock();
  hubs_mutex.lock();
  ++moments;
  if (hubs != nullptr) {
    for (Hub* hub : *hubs) hub->before_fork();
  }
  // Last: nobody waits for anything while he has it.
  hold_local_time();
}

void after_fork_in_parent() {
  release_local_time();
  if (hubs != nullptr) {
    for (Hub* hub : *hubs) hub->after_fork_in_parent();
  }
  ++moments;
  hubs_mutex.unlock();
  no_fork.unlock();
}

void after_fork_in_child() {
  release_local_time();
  if (hubs != nullptr) {
    for (Hub* hub : *hubs) hub->after_fork_in_child();
  }
  ++moments;
  hubs_mutex.unlock();
  no_fork.unlock();
}

// When the program is loaded, because a thread that logs for the first time
// would be too late for a fork() that has begun.
[[maybe_unused]] const int registered =
    pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);

}  // namespace

void register_for_fork(Hub* hub) {
  const std::lock_guard lock(hubs_mutex);
  if (hubs == nullptr) hubs = new std::vector<Hub*>;
  hubs->push_back(hub);
}

void unregister_for_fork(Hub* hub) noexcept {
  const std::lock_guard lock(hubs_mutex);
  std::erase(*hubs, hub);
}

std::uint64_t fork_moments() noexcept { return moments; }

NoFork::NoFork() { no_fork.lock(); }
NoFork::~NoFork() { no_fork.unlock(); }

}  // namespace stogger
