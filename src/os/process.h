// What the library does when the process splits: one handler of fork(), which
// calls its parts in one order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace stogger {

// In the order in which they become quiet before fork(). Afterwards, in the
// parent and in the child, it is the other way round. Whoever holds a lock of
// one part may wait for a lock of a later one, never of an earlier one.
enum class ForkPart : unsigned char {
  pipes,         // write to sinks of samples
  sample_sinks,  // let go of their lock only after they have had SQLite's
  systems,       // and so do their routes
  sqlite,        // the locks that SQLite has for the whole process
};

// Null where there is nothing to do. Called on the thread that calls fork().
struct ForkHandlers {
  void (*before)() noexcept = nullptr;
  void (*after_in_parent)() noexcept = nullptr;
  void (*after_in_child)() noexcept = nullptr;
};

// The handlers of all parts. There is one table for the process; others are for
// tests.
class ForkTable {
 public:
  constexpr void set(ForkPart part, const ForkHandlers& handlers) noexcept {
    parts_[static_cast<std::size_t>(part)] = handlers;
  }

  void before() const noexcept {
    for (const ForkHandlers& part : parts_) call(part.before);
  }
  void after_in_parent() const noexcept {
    for (std::size_t i = std::size(parts_); i-- > 0;) {
      call(parts_[i].after_in_parent);
    }
  }
  void after_in_child() const noexcept {
    for (std::size_t i = std::size(parts_); i-- > 0;) {
      call(parts_[i].after_in_child);
    }
  }

 private:
  static void call(void (*handler)() noexcept) noexcept {
    if (handler != nullptr) handler();
  }

  ForkHandlers parts_[static_cast<std::size_t>(ForkPart::sqlite) + 1];
};

// To be called once for each part, by an initializer: when the program is
// loaded, because a thread that logs for the first time would be too late for a
// fork() that has begun. Always true, so that a variable can be initialized.
bool handle_fork(ForkPart part, const ForkHandlers& handlers) noexcept;

// Goes up when a fork() begins and when it has ended: odd while one is under
// way.
std::uint64_t fork_moments() noexcept;

// Makes fork() wait as long as it lives, and whoever wants another one.
class NoFork {
 public:
  NoFork();
  ~NoFork();
  NoFork(const NoFork&) = delete;
  NoFork& operator=(const NoFork&) = delete;
};

}  // namespace stogger
