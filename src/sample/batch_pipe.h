// BatchPipe: a pipe that gathers samples in the memory of the batches that it
// writes, and that ends with the first failure.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "deliver/counted_sink.h"
#include "sample/pipe.h"
#include "sample/sample_batch.h"
#include "sample/schedule.h"
#include "stogger/sample.h"

namespace stogger {

class BatchPipe final : public LivePipe {
 public:
  // If `refused` is not ok, every call returns it.
  BatchPipe(Sink& sink, const PipeOptions& options, const Status& refused);
  ~BatchPipe() override;

  // Starts the thread. If there is none, later calls say so.
  void start();
  Status push(const Sample& sample) override;
  Status flush() override;
  Status finish(PipeSummary* summary) override;
  PipeSummary summary() const override;

  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  bool after_fork_in_child() noexcept override;

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
  void fill_in(PipeSummary* summary) const;

  CountedSink sink_;
  const PipeOptions options_;
  Clock* const clock_;
  const std::int64_t interval_ns_;
  std::thread worker_;
  std::mutex join_mutex_;

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
  Schedule schedule_;
  // Of its counts of samples: those dropped, and those lost in the pipe.
  PipeSummary summary_;
};

}  // namespace stogger
