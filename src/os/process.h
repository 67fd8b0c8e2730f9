// What the library does when the process splits and when it ends: one handler
// of fork() and one of exit(), which call its objects in one order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>

namespace stogger {

// The kinds of objects, in the order in which they become quiet before fork().
// Afterwards, in the parent and in the child, it is the other way round.
// Whoever holds a lock of one part may wait for a lock of a later one, never of
// an earlier one.
enum class ProcessPart : unsigned char {
  loads,         // of configurations, which make sinks
  pipes,         // write to sinks of samples
  sample_sinks,  // may wait for SQLite's locks while they are called
  systems,       // their sinks may do so, too
  compression,   // of files that sinks have rotated
  types,         // of sinks
  sqlite,        // the locks that SQLite has for the whole process
};

// Something that fork() concerns. Called on the thread that calls fork().
class ProcessObject {
 public:
  virtual void before_fork() noexcept {}
  virtual void after_fork_in_parent() noexcept {}
  // False if it is of no use in the child, and leaves the list there.
  virtual bool after_fork_in_child() noexcept { return true; }

 protected:
  constexpr ProcessObject() noexcept = default;
  ~ProcessObject() = default;
  ProcessObject(const ProcessObject&) = delete;
  ProcessObject& operator=(const ProcessObject&) = delete;

 private:
  friend class ProcessList;
  ProcessObject* previous_ = nullptr;
  ProcessObject* next_ = nullptr;
  int users_ = 0;
};

// The objects of one part. Callable from any thread.
class ProcessList {
 public:
  constexpr ProcessList() noexcept = default;
  ProcessList(const ProcessList&) = delete;
  ProcessList& operator=(const ProcessList&) = delete;

  void add(ProcessObject& object) noexcept;
  // Waits for those that use it. It may have left the list before.
  void remove(ProcessObject& object) noexcept;

  // Uses each object that is picked, one after the other, also those that are
  // added meanwhile, and takes it out of the list. The list is not locked
  // while one is used: that may take long, fork, or add others.
  template <class Pick, class Use>
  void use_up(Pick pick, Use use) noexcept {
    while (ProcessObject* const object = begin_use(pick)) {
      use(*object);
      end_use(*object);
    }
  }

  // Around fork(). The list is locked from the first to one of the others.
  void before_fork() noexcept;
  void after_fork_in_parent() noexcept;
  void after_fork_in_child() noexcept;

 private:
  template <class Pick>
  ProcessObject* begin_use(Pick pick) noexcept {
    const std::lock_guard lock(mutex_);
    for (ProcessObject* one = first_; one != nullptr; one = one->next_) {
      if (!pick(*one)) continue;
      ++one->users_;
      return one;
    }
    return nullptr;
  }
  void end_use(ProcessObject& object) noexcept;
  // With the lock held; of an object that is in no list, nothing happens.
  void take_out(ProcessObject& object) noexcept;

  std::mutex mutex_;
  ProcessObject* first_ = nullptr;
  std::atomic<std::uint32_t> ended_uses_{0};
};

// All objects there are. There is one table for the process; others are for
// tests.
class ProcessTable {
 public:
  constexpr ProcessTable() noexcept = default;
  ProcessList& operator[](ProcessPart part) noexcept {
    return parts_[static_cast<std::size_t>(part)];
  }
  void before_fork() noexcept {
    for (ProcessList& part : parts_) part.before_fork();
  }
  void after_fork_in_parent() noexcept {
    for (std::size_t i = std::size(parts_); i-- > 0;) {
      parts_[i].after_fork_in_parent();
    }
  }
  void after_fork_in_child() noexcept {
    for (std::size_t i = std::size(parts_); i-- > 0;) {
      parts_[i].after_fork_in_child();
    }
  }

 private:
  ProcessList parts_[static_cast<std::size_t>(ProcessPart::sqlite) + 1];
};

// That of the process. It is there before any code runs, and never destroyed.
ProcessList& process_objects(ProcessPart part) noexcept;

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

// What is done at normal exit of the program, in this order.
enum class ExitPart : unsigned char {
  loads,    // come no more
  pipes,    // write what they still have
  systems,  // close their sinks
};

// To be called when there is something to do at exit: it comes before the end
// of static objects that were there before this call. The handlers of other
// parts may be called earlier because of it, and again later.
void handle_exit(ExitPart part, void (*handler)() noexcept);

}  // namespace stogger
