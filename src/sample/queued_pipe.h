// QueuedPipe: a pipe with a queue in memory or on disk, which is that of sinks
// of events: whoever pushes copies a sample into a ring, and a worker hands
// them over, again and again if that is wanted.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "deliver/delivery.h"
#include "deliver/outlet.h"
#include "deliver/ticker.h"
#include "deliver/worker.h"
#include "sample/pipe.h"
#include "sample/schedule.h"
#include "stogger/sample.h"

namespace stogger {

class QueuedPipe final : public LivePipe {
 public:
  QueuedPipe(Sink& sink, const PipeOptions& options,
             const DeliverySettings& delivery);
  ~QueuedPipe() override;

  // Before all that follows. Not ok if there is no queue or thread to be had.
  Status start();

  Status push(const Sample& sample) override;
  Status flush() override;
  Status finish(PipeSummary* summary) override;
  PipeSummary summary() const override;

  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  bool after_fork_in_child() noexcept override;

 private:
  void note(const Sample& sample);
  void wait_for_left(Worker::TimePoint until) const noexcept;
  void end();
  Status result(const Status& flushed) const;
  std::string rest() const;

  Clock* const clock_;
  const DeliverySettings delivery_;
  const bool follows_devices_;
  Ticker ticker_;
  Outlet outlet_;
  std::unique_ptr<Worker> worker_;

  mutable std::mutex schedule_mutex_;
  Schedule schedule_;

  std::mutex end_mutex_;
  std::atomic<bool> is_ending_{false};  // no samples are taken
  std::atomic<bool> is_ended_{false};   // the sink is not used any more
  const Time started_at_;
  // Once it is ended.
  Time finished_at_;
  Status result_;
};

}  // namespace stogger
