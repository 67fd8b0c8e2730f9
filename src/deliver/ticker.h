// Ticker: a thread that does a piece of work a second after it was asked for,
// so that what sinks hold back reaches its target without another event.
//
// The thread is started by the first request, takes no signals, and sleeps as
// long as nothing is asked for: a program whose sinks hold nothing back has
// none.
#pragma once

#include <chrono>

namespace stogger {

class Ticker {
 public:
  static constexpr std::chrono::milliseconds kDelay{1000};

  using Work = void (*)(void* context) noexcept;
  // May throw std::bad_alloc.
  Ticker(Work work, void* context);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // The work is done once within kDelay from now, however often it is asked for
  // until then. Callable from any thread, and from the work.
  void request() noexcept;
  // Waits until work that is under way is done, and ends the thread. Requests
  // that were not met are forgotten; a later one starts it again.
  void stop() noexcept;

  // Around fork(). The child has no thread, and nothing asked for.
  void before_fork() noexcept;
  void after_fork_in_parent() noexcept;
  void after_fork_in_child() noexcept;

 private:
  struct State;

  void run(State* state) const noexcept;
  static bool start(const Ticker* ticker, State* state) noexcept;

  const Work work_;
  void* const context_;
  State* state_;
};

}  // namespace stogger
