// Pipes across fork() and at the end of the program.
#pragma once

#include "stogger/sample.h"

namespace stogger {

// What happens to a pipe from outside. Implemented by Pipe::Rep.
class LivePipe {
 public:
  // The pipe must be quiet from the first to one of the others.
  virtual void before_fork() noexcept = 0;
  virtual void after_fork_in_parent() noexcept = 0;
  virtual void after_fork_in_child() noexcept = 0;
  // Finishes it though its owner has not asked for that, and tells the
  // diagnostics of a failure that no call has returned.
  virtual void finish_unasked() noexcept = 0;
  virtual bool writes_to(const Sink& sink) const noexcept = 0;

 protected:
  ~LivePipe() = default;

 private:
  friend class PipeRegistry;
  int users_ = 0;  // those who are finishing it; see PipeRegistry
};

// May throw std::bad_alloc.
void register_pipe(LivePipe* pipe);
// Waits for those who are finishing it.
void unregister_pipe(LivePipe* pipe) noexcept;

// Finishes all pipes that write to a sink.
void finish_pipes_to(const Sink& sink) noexcept;

}  // namespace stogger
