#include "sample/pipe_registry.h"

#include <pthread.h>

#include <cstdlib>
#include <mutex>
#include <vector>

namespace stogger {
namespace {

// All of it is there before any code runs, and is never destroyed.
constinit std::mutex pipes_mutex;
constinit std::vector<LivePipe*>* pipes = nullptr;

void before_fork() {
  pipes_mutex.lock();
  if (pipes == nullptr) return;
  for (LivePipe* pipe : *pipes) pipe->before_fork();
}

void after_fork_in_parent() {
  if (pipes != nullptr) {
    for (LivePipe* pipe : *pipes) pipe->after_fork_in_parent();
  }
  pipes_mutex.unlock();
}

void after_fork_in_child() {
  if (pipes != nullptr) {
    for (LivePipe* pipe : *pipes) pipe->after_fork_in_child();
    // They are leaked here, and their sinks may go.
    pipes->clear();
  }
  pipes_mutex.unlock();
}

void finish_all() {
  const std::lock_guard lock(pipes_mutex);
  if (pipes == nullptr) return;
  for (LivePipe* pipe : *pipes) pipe->finish_at_exit();
}

[[maybe_unused]] const int registered =
    pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);

}  // namespace

void register_pipe(LivePipe* pipe) {
  // Once there is a pipe: its sink was there before, so that it is also there
  // when this comes, before what was registered earlier.
  static const int at_exit = std::atexit(&finish_all);
  static_cast<void>(at_exit);
  const std::lock_guard lock(pipes_mutex);
  if (pipes == nullptr) pipes = new std::vector<LivePipe*>;
  pipes->push_back(pipe);
}

void unregister_pipe(LivePipe* pipe) noexcept {
  const std::lock_guard lock(pipes_mutex);
  if (pipes != nullptr) std::erase(*pipes, pipe);
}

}  // namespace stogger
