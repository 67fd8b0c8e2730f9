// LivePipe: what is behind a Pipe. There are two kinds: BatchPipe, and
// QueuedPipe, which has a queue like that of sinks of events.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "os/process.h"
#include "stogger/sample.h"

namespace stogger {

// A sink that hangs must not keep the process from splitting.
inline constexpr std::chrono::milliseconds kForkWait(250);

class LivePipe : public ProcessObject {
 public:
  // Never null; with options that are wrong, or without a thread, every call
  // fails. May throw std::bad_alloc.
  static std::unique_ptr<LivePipe> make(Sink& sink, const PipeOptions& options);

  virtual ~LivePipe() = default;
  LivePipe(const LivePipe&) = delete;
  LivePipe& operator=(const LivePipe&) = delete;

  // As those of Pipe, but not in a child.
  virtual Status push(const Sample& sample) = 0;
  virtual Status flush() = 0;
  virtual Status finish(PipeSummary* summary) = 0;
  virtual PipeSummary summary() const = 0;

  // True in a child of the process that made it. It has to be leaked then: its
  // thread is not there, and its locks may be held for ever.
  bool is_inherited() const noexcept { return inherited_.load(); }
  // Finishes it though its owner has not asked for that, and reports a failure
  // that no call has returned.
  void finish_unasked() noexcept;
  bool writes_to(const Sink& sink) const noexcept { return &sink == &sink_; }

 protected:
  explicit LivePipe(Sink& sink) noexcept : sink_(sink) {}

  // From now on fork() and the end of the program see to it. leave() has to
  // come before the end of what it uses for that.
  void enlist();
  void leave() noexcept;

  Sink& sink() const noexcept { return sink_; }
  // The sink, for messages.
  std::string name() const;
  Status named(const Status& status) const;
  void set_inherited() noexcept { inherited_.store(true); }
  // Of a status that a call returns.
  Status returned(Status status) noexcept {
    if (!status.ok()) has_returned_failure_.store(true);
    return status;
  }

 private:
  Sink& sink_;
  std::atomic<bool> inherited_{false};
  std::atomic<bool> has_returned_failure_{false};
};

// Finishes all pipes that write to a sink.
void finish_pipes_to(const Sink& sink) noexcept;

}  // namespace stogger
