#include "deliver/ticker.h"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

namespace stogger {

struct Ticker::State {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex.
  std::thread thread;
  bool is_requested = false;
  bool is_stopping = false;

  // In a child, those of its parents: their threads do not exist, so they can
  // be neither used nor destroyed.
  State* next_inherited = nullptr;
  static State* inherited;
};

constinit Ticker::State* Ticker::State::inherited = nullptr;

Ticker::Ticker(Work work, void* context)
    : work_(work), context_(context), state_(new State) {}

Ticker::~Ticker() {
  stop();
  delete state_;
}

void Ticker::request() noexcept {
  State* const state = state_;
  const std::lock_guard lock(state->mutex);
  if (state->is_stopping || std::exchange(state->is_requested, true)) return;
  if (state->thread.joinable()) {
    state->changed.notify_one();
  } else if (!start(this, state)) {
    state->is_requested = false;
  }
}

// Signals are for the threads of the program.
bool Ticker::start(const Ticker* ticker, State* state) noexcept {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  if (::pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
  bool started = true;
  try {
    state->thread = std::thread([ticker, state] { ticker->run(state); });
  } catch (...) {
    started = false;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void Ticker::run(State* state) const noexcept {
  ::pthread_setname_np(::pthread_self(), "stogger");
  std::unique_lock lock(state->mutex);
  while (!state->is_stopping) {
    if (!state->is_requested) {
      state->changed.wait(lock);
      continue;
    }
    const auto due = std::chrono::steady_clock::now() + kDelay;
    while (!state->is_stopping &&
           state->changed.wait_until(lock, due) != std::cv_status::timeout) {
    }
    if (state->is_stopping) break;
    state->is_requested = false;
    lock.unlock();
    work_(context_);
    lock.lock();
  }
}

void Ticker::stop() noexcept {
  State* const state = state_;
  std::unique_lock lock(state->mutex);
  if (!state->thread.joinable() || state->is_stopping) return;
  state->is_stopping = true;
  state->changed.notify_one();
  std::thread thread = std::move(state->thread);
  lock.unlock();
  thread.join();
  lock.lock();
  state->is_stopping = false;
  state->is_requested = false;
}

void Ticker::before_fork() noexcept { state_->mutex.lock(); }

void Ticker::after_fork_in_parent() noexcept { state_->mutex.unlock(); }

void Ticker::after_fork_in_child() noexcept {
  State* const fresh = new (std::nothrow) State;
  if (fresh == nullptr) {
    // Nobody will ever be waited for.
    state_->is_stopping = true;
    state_->mutex.unlock();
    return;
  }
  state_->next_inherited = std::exchange(State::inherited, state_);
  state_ = fresh;
}

}  // namespace stogger
