// How the writers of a SQLite database take turns, and how long they wait.
#pragma once

#include <cstdint>

namespace stogger {

// Waiting for others, in ever longer steps, up to a limit; and how long all
// that a call does may take.
class BoundedWait {
 public:
  // What the work of a call may take even if nobody is to be waited for.
  static constexpr std::int64_t kLeastWorkMs = 50;

  explicit BoundedWait(std::int64_t limit_ms) noexcept
      : limit_ns_(limit_ms * 1000000) {}

  // Lets the time begin again, `waited_ms` ago. The work of the call may take
  // `more_ms` longer than the waiting.
  void restart(std::int64_t more_ms = 0, std::int64_t waited_ms = 0) noexcept;
  // Sleeps a little. False, at once, if the time is up.
  bool wait(std::int64_t longest_ns = 2000000) noexcept;
  // How long it has been since the beginning, up to the last wait().
  std::int64_t waited_ns() const noexcept { return waited_ns_; }
  // True if the work has taken longer than it may. A thread that was kept
  // waiting, for a processor or a disk, has a little of its own time left.
  bool is_over() noexcept;

 private:
  const std::int64_t limit_ns_;
  std::int64_t started_ns_ = 0;  // 0: nobody has waited yet
  std::int64_t more_ns_ = 0;
  std::int64_t late_since_ns_ = 0;  // by the thread's own clock; 0: not late
  std::int64_t waited_ns_ = 0;
  std::int64_t pause_ns_ = 0;
};

// A lock between processes, which the system takes back from those that die.
// It is a flock(2) on the file, for which there is a program of that name, too.
//
// Who takes it again and again would hardly ever leave it to the others, which
// can only look now and then. So one that has waited for long queues up, by a
// second lock on the same file, and all others let it go first.
class ProcessLock {
 public:
  ProcessLock() noexcept = default;
  ~ProcessLock() { close(); }
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;

  // Takes over a descriptor of the lock file, which is never removed.
  void use(int descriptor) noexcept;
  // False if the time was up before it was free.
  bool lock(BoundedWait& wait) noexcept;
  // Does not wait. True also where the file system knows no such locks.
  bool try_lock() noexcept;
  void unlock() noexcept;
  // Unlocks. In a child after fork(), while the parent has the file open too,
  // it changes nothing for the parent.
  void close() noexcept;

 private:
  bool lock_fairly(BoundedWait& wait, bool* queued) noexcept;
  bool is_queue_taken() const noexcept;
  bool set_queue(short type) noexcept;

  int descriptor_ = -1;
  unsigned turns_ = 0;
};

}  // namespace stogger
