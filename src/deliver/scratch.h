// Scratch memory of a thread: what one log call needs besides its own stack.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/buffer.h"
#include "base/limits.h"
#include "deliver/current.h"
#include "deliver/recent_events.h"
#include "event/compose.h"
#include "render/render.h"

namespace stogger {

struct Scratch {
  EventScratch event;
  Buffer message;
  RowScratch row;
};

// Lends the calling thread's scratch memory to a call, and keeps what the call
// goes by from being destroyed. A call made within a call (user code that runs
// while its value is written out may log) gets memory of its own, but not
// without end. May throw std::bad_alloc.
//
// The memory lives until the thread ends, and is given back only after the
// thread's own thread_local objects are gone, so that these may log too.
class ScratchLease {
 public:
  template <class T>
  [[gnu::always_inline]] ScratchLease(const Current<T>& current,
                                      const T** target) {
    OfThread* mine = mine_;
    if (mine == nullptr) [[unlikely]]
      mine = begin_thread();
    if (!mine->mark.is_set()) [[likely]] {
      scratch_ = mine;
      *target = mine->mark.put_on(current);
    } else {
      scratch_ = begin_within();
      entered_ = &current.visitors();
      entered_->enter();
      *target = current.get();
    }
  }
  ~ScratchLease() {
    if (entered_ != nullptr) [[unlikely]] {
      end_within();
      return;
    }
    scratch_->message.clear();
    if (!was_small_) [[unlikely]]
      recycle();
    static_cast<OfThread*>(scratch_)->mark.clear();
  }
  ScratchLease(const ScratchLease&) = delete;
  ScratchLease& operator=(const ScratchLease&) = delete;

  // True if this thread's memory is lent now.
  static bool is_lent() noexcept {
    return mine_ != nullptr && mine_->mark.is_set();
  }

  // How many bytes all texts of the event have. Of few, nothing becomes as
  // large as what a thread keeps: the longest escapes are six bytes, memory
  // grows to twice what is needed at most, and a field counts as ten bytes of
  // these.
  void took(std::size_t bytes) noexcept {
    was_small_ = bytes < kKeptByThread / 16;
  }

  // Of the thread, as is_lent() says that it has any memory. In a call within a
  // call, too.
  static RecentEvents& recent_events() noexcept { return mine_->recent; }

  Scratch* operator->() const noexcept { return scratch_; }
  Scratch& operator*() const noexcept { return *scratch_; }

  // Whether a call of any thread goes by that. The caller has passed a barrier
  // on all threads since calls could begin to.
  static bool is_any_on(const void* target) noexcept;
  // In a child after fork(), where the other threads do not exist.
  static void forget_other_threads() noexcept;

 private:
  friend struct ScratchKey;

  // Never destroyed: one that was given back is the next thread's.
  struct OfThread : Scratch {
    ThreadMark mark;
    RecentEvents recent;
    int within = 0;  // calls that are under way, each within the one before
    std::atomic<bool> is_taken{true};
    OfThread* next = nullptr;
  };

  void recycle() noexcept;
  static OfThread* begin_thread();
  static void end_thread(OfThread* mine) noexcept;
  static Scratch* begin_within();
  void end_within() noexcept;

  // A plain pointer outlives the destructors of thread_local objects.
  static constinit thread_local OfThread* mine_;
  static constinit std::atomic<OfThread*> threads_;

  Scratch* scratch_;
  bool was_small_ = false;
  const Visitors* entered_ = nullptr;  // of a call within a call
};

}  // namespace stogger
