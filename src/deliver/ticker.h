// Ticker: a thread that does a piece of work a second after it was asked for,
// so that what sinks hold back reaches its target without another event.
//
// A request starts the thread, which takes no signals, and ends when nothing
// more is asked for: a program whose sinks hold nothing back has none, and one
// that ends with its last thread ends.
#pragma once

#include <chrono>
#include <memory>

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

  // The work is done once, kDelay from now or from the end of work that is
  // under way, however often it is asked for until then. Callable from any
  // thread, and from the work.
  void request() noexcept;
  // Waits until work that is under way is done, and ends the thread. Requests
  // that were not met are forgotten.
  void stop() noexcept;

  // Around fork(). The child has no thread, and nothing asked for.
  void before_fork() noexcept;
  void after_fork_in_parent() noexcept;
  void after_fork_in_child() noexcept;

 private:
  struct State;

  bool start() noexcept;
  static void run(State& state, Work work, void* context) noexcept;

  const Work work_;
  void* const context_;
  std::shared_ptr<State> state_;  // the thread has it, too
};

}  // namespace stogger
