#include "deliver/ticker.h"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "os/signals.h"

namespace stogger {

struct Ticker::State {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex.
  bool is_running = false;  // there is a thread
  bool is_requested = false;
  bool is_stopping = false;

  // That of the parent, in a child: its thread does not exist, so it can be
  // neither used nor destroyed. It keeps itself.
  std::shared_ptr<State> itself;
  State* next = nullptr;
  static State* inherited;
};

constinit Ticker::State* Ticker::State::inherited = nullptr;

Ticker::Ticker(Work work, void* context)
    : work_(work), context_(context), state_(std::make_shared<State>()) {}

Ticker::~Ticker() { stop(); }

void Ticker::request() noexcept {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (state.is_stopping) return;
  state.is_requested = true;
  if (!state.is_running) state.is_running = start();
}

bool Ticker::start() noexcept {
  const AllSignalsBlocked no_signals;
  try {
    std::thread([state = state_, work = work_, context = context_] {
      run(*state, work, context);
    }).detach();
  } catch (...) {
    return false;
  }
  return true;
}

void Ticker::run(State& state, Work work, void* context) noexcept {
  ::pthread_setname_np(::pthread_self(), "stogger");
  std::unique_lock lock(state.mutex);
  while (state.is_requested && !state.is_stopping) {
    const auto due = std::chrono::steady_clock::now() + kDelay;
    state.changed.wait_until(lock, due, [&] { return state.is_stopping; });
    if (state.is_stopping) break;
    state.is_requested = false;
    lock.unlock();
    work(context);
    lock.lock();
  }
  state.is_running = false;
  state.changed.notify_all();
}

void Ticker::stop() noexcept {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.is_stopping = true;
  state.changed.notify_all();
  state.changed.wait(lock, [&] { return !state.is_running; });
  state.is_stopping = false;
  state.is_requested = false;
}

void Ticker::before_fork() noexcept { state_->mutex.lock(); }

void Ticker::after_fork_in_parent() noexcept { state_->mutex.unlock(); }

void Ticker::after_fork_in_child() noexcept {
  State* const parents = state_.get();
  try {
    parents->itself = std::exchange(state_, std::make_shared<State>());
    parents->next = std::exchange(State::inherited, parents);
  } catch (...) {
    // Without memory nothing is ever done.
    parents->itself = state_;
    parents->is_running = false;
    parents->is_stopping = true;
  }
  parents->mutex.unlock();
}

}  // namespace stogger
