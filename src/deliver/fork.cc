#include "deliver/fork.h"

#include <mutex>
#include <vector>

#include "base/timestamp.h"
#include "deliver/hub.h"
#include "os/process.h"

namespace stogger {
namespace {

// All of it is there before any code runs, and is never destroyed.
constinit std::mutex hubs_mutex;
constinit std::vector<Hub*>* hubs = nullptr;

void before_fork() noexcept {
  hubs_mutex.lock();
  if (hubs != nullptr) {
    for (Hub* hub : *hubs) hub->before_fork();
  }
  // Last: nobody waits for anything while he has it.
  hold_local_time();
}

void after_fork_in_parent() noexcept {
  release_local_time();
  if (hubs != nullptr) {
    for (Hub* hub : *hubs) hub->after_fork_in_parent();
  }
  hubs_mutex.unlock();
}

void after_fork_in_child() noexcept {
  release_local_time();
  if (hubs != nullptr) {
    for (Hub* hub : *hubs) hub->after_fork_in_child();
  }
  hubs_mutex.unlock();
}

[[maybe_unused]] const bool registered =
    handle_fork(ForkPart::systems,
                {&before_fork, &after_fork_in_parent, &after_fork_in_child});

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

}  // namespace stogger
