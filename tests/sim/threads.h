// Threads of a process that is simulated. Their code is the real one, but they
// take turns on one real thread, and random numbers decide who is next where
// they could be interrupted: at locks, sleeps, looks at the clock and changes
// of the disk. Time is a number, which jumps to the next event when all sleep.
//
// It stands in for functions of the C library on the thread that has one: those
// that make threads, locks and sleeps, and that tell the time.
#pragma once

#include <pthread.h>

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace stogger {

class SimThreads {
 public:
  static constexpr std::int64_t kForEver = INT64_MAX;

  // Time begins where it is said to, in nanoseconds.
  SimThreads(std::mt19937_64& random, std::int64_t now_ns);
  ~SimThreads();
  SimThreads(const SimThreads&) = delete;
  SimThreads& operator=(const SimThreads&) = delete;

  enum class End : unsigned char {
    returned,  // the body, and all other threads have ended
    killed,    // as by kill -9: nothing of what was under way is cleaned up
    stuck,     // all threads wait for each other, or turn in circles
  };
  // Runs the body as the first thread of a process. What it has allocated when
  // it is killed lives on.
  End run(const std::function<void()>& body);

  // For the threads.
  static SimThreads* current() noexcept { return current_; }
  pthread_t spawn(std::function<void()> body);
  void join(pthread_t thread);
  // Others may go on first.
  void pause();
  void sleep(std::int64_t ns);
  // Until wake() with the same address, which is true, or until that time.
  bool wait(const void* address, std::int64_t until_ns);
  void wake(const void* address, bool all);
  [[noreturn]] void kill() { end(End::killed); }

  void lock(pthread_mutex_t* mutex);
  bool try_lock(pthread_mutex_t* mutex);
  void unlock(pthread_mutex_t* mutex);

  std::int64_t now_ns() const noexcept { return now_ns_; }
  std::int64_t wall_ns() const noexcept { return now_ns_ + wall_offset_ns_; }
  void set_wall_offset(std::int64_t ns) noexcept { wall_offset_ns_ = ns; }
  std::uint64_t random_number() { return random_(); }
  // The process is killed at the first turn after that time.
  void set_end(std::int64_t ns) noexcept { end_ns_ = ns; }
  // Killed after so many instructions of the thread that runs, unless it gets
  // to one of these functions before; 0: not.
  void kill_after_instructions(std::uint64_t count) noexcept;

 private:
  struct Thread;
  static constexpr std::uint64_t kMostTurns = 3000000;

  [[noreturn]] void end(End how);
  Thread& next();
  void go_on(Thread& next);
  [[noreturn]] void enter(Thread& thread);
  static void begin();
  [[noreturn]] void finish();

  static thread_local SimThreads* current_;

  std::mt19937_64& random_;
  std::int64_t now_ns_;
  std::int64_t wall_offset_ns_ = 0;
  std::int64_t end_ns_ = kForEver;
  std::uint64_t bits_ = 0;
  std::uint64_t turns_ = 0;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::size_t count_ = 0;  // of threads of this process
  Thread* running_ = nullptr;
  std::vector<pthread_mutex_t*> locked_;
  std::jmp_buf home_{};
  End how_ = End::returned;
  // For the address sanitizer.
  void* home_fake_stack_ = nullptr;
  const void* home_stack_ = nullptr;
  std::size_t home_stack_size_ = 0;
};

}  // namespace stogger
