// Scratch memory of a thread: what one log call needs besides its own stack.
#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/limits.h"
#include "event/compose.h"
#include "render/render.h"

namespace stogger {

struct Scratch {
  EventScratch event;
  Buffer message;
  RowScratch row;
};

// Lends the calling thread's scratch memory. A call made within a call (user
// code that runs while its value is written out may log) gets memory of its
// own, but not without end. May throw std::bad_alloc.
//
// The memory lives until the thread ends, and is handed back only after the
// thread's own thread_local objects are gone, so that these may log too.
class ScratchLease {
 public:
  ScratchLease() {
    OfThread* const mine = mine_;
    scratch_ = mine != nullptr && mine->lent == 0 ? &mine->own : more();
    ++mine_->lent;
  }
  ~ScratchLease() {
    OfThread* const mine = mine_;
    --mine->lent;
    if (scratch_ != &mine->own) {
      delete scratch_;
      return;
    }
    scratch_->message.clear();
    if (!was_small_) [[unlikely]]
      recycle();
  }
  ScratchLease(const ScratchLease&) = delete;
  ScratchLease& operator=(const ScratchLease&) = delete;

  // True if this thread's memory is lent now.
  static bool is_lent() noexcept {
    return mine_ != nullptr && mine_->lent != 0;
  }

  // How many bytes all texts of the event have. Of few, nothing becomes as
  // large as what a thread keeps: the longest escapes are six bytes, memory
  // grows to twice what is needed at most, and a field counts as ten bytes of
  // these.
  void took(std::size_t bytes) noexcept {
    was_small_ = bytes < kKeptByThread / 16;
  }

  Scratch* operator->() const noexcept { return scratch_; }
  Scratch& operator*() const noexcept { return *scratch_; }

 private:
  friend struct ScratchKey;

  struct OfThread {
    Scratch own;
    int lent = 0;  // to this many calls, each within the one before
  };

  void recycle() noexcept;
  // For the first call of a thread, and for one within another.
  static Scratch* more();

  // A plain pointer outlives the destructors of thread_local objects.
  static constinit thread_local OfThread* mine_;

  Scratch* scratch_;
  bool was_small_ = false;
};

}  // namespace stogger
