// Pipe::Rep: the queue between those who push samples and the thread that
// writes them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "deliver/counted_sink.h"
#include "os/process.h"
#include "sample/sample_batch.h"
#include "sample/schedule.h"
#include "stogger/sample.h"

namespace stogger {

// What others may do with a pipe.
class LivePipe : public ProcessObject {
 public:
  // Finishes it though its owner has not asked for that, and reports a failure
  // that no call has returned.
  virtual void finish_unasked() noexcept = 0;
  virtual bool writes_to(const Sink& sink) const noexcept = 0;

 protected:
  ~LivePipe() = default;
};

// Finishes all pipes that write to a sink.
void finish_pipes_to(const Sink& sink) noexcept;

class Pipe::Rep final : public LivePipe {
 public:
  Rep(Sink& sink, const PipeOptions& options);
  ~Rep();
  Rep(const Rep&) = delete;
  Rep& operator=(const Rep&) = delete;

  // Checks the options and starts the thread. What is wrong, later calls tell.
  void start();
  Status push(const Sample& sample);
  Status flush();
  Status finish(PipeSummary* summary);
  PipeSummary summary() const;

  // True in a child of the process that made it. It has to be leaked then: its
  // thread is not there, and its locks may be held for ever.
  bool is_inherited() const noexcept { return inherited_.load(); }
  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  bool after_fork_in_child() noexcept override;

  void finish_unasked() noexcept override;
  bool writes_to(const Sink& sink) const noexcept override {
    return &sink == &sink_.get();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;
  using BatchPtr = std::unique_ptr<SampleBatch>;

  std::size_t pending_bytes() const noexcept;
  bool has_room() const noexcept;
  bool wait_for_room(Lock& lock);
  void seal();
  void work() noexcept;
  bool is_due() const noexcept;
  bool is_flush_due() const noexcept;
  BatchPtr next_batch();
  void wait_for_work(Lock& lock);
  void write(BatchPtr batch, Lock& lock);
  void flush_sink(Lock& lock);
  bool is_tick_due() const noexcept;
  void tick_sink(Lock& lock);
  template <class Call>
  Status call_sink(Lock& lock, Call call) noexcept;
  Status result(Status status, bool dropped);
  void see_whether_tick_is_due() noexcept;
  void fail(const Status& status) noexcept;
  void end(Lock& lock);
  Status returned() noexcept;
  void fill_in(PipeSummary* summary) const;

  CountedSink sink_;
  const PipeOptions options_;
  Clock* const clock_;
  const std::int64_t interval_ns_;
  std::thread worker_;
  std::mutex join_mutex_;
  std::atomic<bool> inherited_{false};

  mutable std::mutex mutex_;
  std::condition_variable work_;  // there is something to do for the worker
  std::condition_variable done_;  // it has done something
  // Guarded by mutex_.
  BatchPtr filling_;            // takes samples; never null
  std::int64_t oldest_ns_ = 0;  // when the first of these came
  std::deque<BatchPtr> ready_;  // to be written
  std::vector<BatchPtr> spare_;
  std::size_t pending_ = 0;  // samples in the pipe, also those being written
  std::size_t sealed_bytes_ = 0;  // of all that but what is being filled
  bool writing_ = false;          // the sink is in use
  std::int64_t tick_due_ns_ = 0;  // 0: the sink holds nothing back
  bool ending_ = false;           // finish() was called
  bool ended_ = false;            // the worker is done
  bool needs_sink_ = true;        // finish() has not returned
  std::uint64_t accepted_ = 0;
  std::uint64_t handled_ = 0;       // of the accepted: written or lost
  std::uint64_t flush_target_ = 0;  // to be handled before the next flush
  std::uint64_t flushes_wanted_ = 0;
  std::uint64_t flushes_done_ = 0;
  Status status_;
  bool has_returned_failure_ = false;
  Schedule schedule_;
  // Of its counts of samples: those dropped, and those lost in the pipe.
  PipeSummary summary_;
};

}  // namespace stogger
