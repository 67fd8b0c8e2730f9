// Pipes across fork() and at the end of the program.
#pragma once

#include "stogger/sample.h"

namespace stogger {

// What happens to all pipes at once. Implemented by Pipe::Rep.
class LivePipe {
 public:
  // The pipe must be quiet from the first to one of the others.
  virtual void before_fork() noexcept = 0;
  virtual void after_fork_in_parent() noexcept = 0;
  virtual void after_fork_in_child() noexcept = 0;
  virtual void finish_at_exit() noexcept = 0;

 protected:
  ~LivePipe() = default;
};

// May throw std::bad_alloc.
void register_pipe(LivePipe* pipe);
// Waits until the end of the program has done with it.
void unregister_pipe(LivePipe* pipe) noexcept;

}  // namespace stogger
