// Scratch memory of a thread: what one log call needs besides its own stack.
#pragma once

#include "base/buffer.h"
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
  ScratchLease();
  ~ScratchLease();
  ScratchLease(const ScratchLease&) = delete;
  ScratchLease& operator=(const ScratchLease&) = delete;

  Scratch* operator->() const noexcept { return scratch_; }
  Scratch& operator*() const noexcept { return *scratch_; }

 private:
  Scratch* scratch_;
};

}  // namespace stogger
