#include "deliver/fork.h"

#include <pthread.h>

#include <mutex>
#include <vector>

#include "deliver/hub.h"

namespace stogger {
namespace {

struct Hubs {
  std::mutex no_fork;  // taken before the other
  std::mutex mutex;
  std::vector<Hub*> all;
};

void before_fork();
void after_fork_in_parent();
void after_fork_in_child();

Hubs& hubs() {
  static Hubs* const instance = [] {
    pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
    return new Hubs;
  }();
  return *instance;
}

void before_fork() {
  hubs().no_fork.lock();
  hubs().mutex.lock();
  for (Hub* hub : hubs().all) hub->before_fork();
}

void after_fork_in_parent() {
  for (Hub* hub : hubs().all) hub->after_fork_in_parent();
  hubs().mutex.unlock();
  hubs().no_fork.unlock();
}

void after_fork_in_child() {
  for (Hub* hub : hubs().all) hub->after_fork_in_child();
  hubs().mutex.unlock();
  hubs().no_fork.unlock();
}

}  // namespace

void register_for_fork(Hub* hub) {
  const std::lock_guard lock(hubs().mutex);
  hubs().all.push_back(hub);
}

void unregister_for_fork(Hub* hub) noexcept {
  const std::lock_guard lock(hubs().mutex);
  std::erase(hubs().all, hub);
}

NoFork::NoFork() { hubs().no_fork.lock(); }
NoFork::~NoFork() { hubs().no_fork.unlock(); }

}  // namespace stogger
