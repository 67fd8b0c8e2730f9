#include "sample/batch_pipe.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "os/diagnostics.h"
#include "os/signals.h"
#include "sample/pipe_options.h"
#include "sample/settle.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A clock that is not the system's may stand still and then jump: it is looked
// at again and again.
constexpr nanoseconds kLook = milliseconds(5);
// As Sink::tick() promises.
constexpr nanoseconds kTickDelay = milliseconds(1000);

// Never destroyed, for pipes may be used until the program has ended.
const std::vector<HiddenValue>& nothing_hidden() {
  static const auto* const nothing = new std::vector<HiddenValue>;
  return *nothing;
}

}  // namespace

BatchPipe::BatchPipe(Sink& sink, const PipeOptions& options,
                     const Status& refused)
    : LivePipe(sink),
      sink_(sink, nothing_hidden(), {}),
      options_(options),
      clock_(options.clock == nullptr ? Clock::real() : options.clock),
      interval_ns_(flush_interval_ns(options)),
      filling_(std::make_unique<SampleBatch>()),
      status_(refused),
      schedule_(refused.ok() ? options.period_s : 0) {
  summary_.started_at = clock_->now();
  summary_.finished_at = summary_.started_at;
  if (!status_.ok()) {
    ended_ = true;
    needs_sink_ = false;
  }
  see_whether_tick_is_due();  // it may have been in use before
  enlist();
}

BatchPipe::~BatchPipe() { leave(); }

void BatchPipe::start() {
  const Lock lock(mutex_);
  if (!status_.ok()) return;
  try {
    const AllSignalsBlocked blocked;
    worker_ = std::thread([this] { work(); });
  } catch (const std::exception& e) {
    status_ = Status(Code::unavailable,
                     std::string("pipe: cannot start a thread: ") + e.what());
    ended_ = true;
    needs_sink_ = false;
  }
}

std::size_t BatchPipe::pending_bytes() const noexcept {
  return sealed_bytes_ + filling_->bytes();
}

bool BatchPipe::has_room() const noexcept {
  return pending_ == 0 || (pending_ < options_.max_pending &&
                           pending_bytes() < options_.max_pending_bytes);
}

// False if there will be none for this sample.
bool BatchPipe::wait_for_room(Lock& lock) {
  if (filling_->size() != 0) seal();
  if (options_.when_full == WhenFull::drop_newest) return false;
  done_.wait(lock, [this] { return has_room() || ending_ || !status_.ok(); });
  return true;
}

// Hands the samples so far to the worker.
void BatchPipe::seal() {
  BatchPtr next;
  if (spare_.empty()) {
    next = std::make_unique<SampleBatch>();
  } else {
    next = std::move(spare_.back());
    spare_.pop_back();
  }
  ready_.push_back(nullptr);
  sealed_bytes_ += filling_->bytes();
  ready_.back() = std::exchange(filling_, std::move(next));
  work_.notify_one();
}

Status BatchPipe::push(const Sample& given) {
  SettledSample settled(given);
  const Sample& sample = settled.get();
  Lock lock(mutex_);
  if (status_.ok() && !ending_ && !has_room() && !wait_for_room(lock)) {
    ++summary_.samples_dropped;
    schedule_.note(sample.device, sample.requested_at);
    return {};
  }
  if (!status_.ok()) return returned(status_);
  if (ending_) return Status(Code::invalid, "the pipe is finished");
  const std::size_t taken = pending_bytes();
  const std::size_t room = options_.max_pending_bytes > taken
                               ? options_.max_pending_bytes - taken
                               : 0;
  if (!filling_->add(sample, room)) {
    seal();
    filling_->add(sample, 0);
  }
  ++pending_;
  ++accepted_;
  if (filling_->size() == 1) {
    oldest_ns_ = clock_->monotonic_ns();
    work_.notify_one();
  }
  schedule_.note(sample.device, sample.requested_at);
  if (filling_->size() >= options_.batch_size) seal();
  return {};
}

Status BatchPipe::flush() {
  Lock lock(mutex_);
  const std::uint64_t wanted = ++flushes_wanted_;
  flush_target_ = accepted_;
  work_.notify_one();
  done_.wait(lock, [&] { return ended_ || flushes_done_ >= wanted; });
  return returned(status_);
}

Status BatchPipe::finish(PipeSummary* summary) {
  Status status;
  {
    Lock lock(mutex_);
    ending_ = true;
    work_.notify_one();
    done_.notify_all();
    done_.wait(lock, [this] { return ended_; });
    needs_sink_ = false;
    if (summary != nullptr) fill_in(summary);
    status = returned(status_);
  }
  const std::lock_guard lock(join_mutex_);
  if (worker_.joinable()) worker_.join();
  return status;
}

PipeSummary BatchPipe::summary() const {
  const Lock lock(mutex_);
  PipeSummary summary;
  fill_in(&summary);
  return summary;
}

void BatchPipe::fill_in(PipeSummary* summary) const {
  *summary = summary_;
  if (status_.ok()) {
    summary->samples_emitted = handled_;
  } else {
    // What has reached the target; the sink may have held back before what is
    // not of this pipe.
    const std::uint64_t handed = sink_.counters().accepted();
    summary->samples_emitted = std::min(handed, sink_.counters().written());
    summary->samples_lost += handed - summary->samples_emitted;
  }
  summary->samples_late = schedule_.late();
  summary->max_drift_ms = schedule_.max_drift_ms();
  if (!ended_) summary->finished_at = clock_->now();
}

// The worker.

bool BatchPipe::is_flush_due() const noexcept {
  return flushes_done_ < flushes_wanted_;
}

bool BatchPipe::is_due() const noexcept {
  return ending_ || (is_flush_due() && handled_ < flush_target_) ||
         clock_->monotonic_ns() - oldest_ns_ >= interval_ns_;
}

BatchPipe::BatchPtr BatchPipe::next_batch() {
  if (ready_.empty() && filling_->size() != 0 && is_due()) seal();
  if (ready_.empty()) return nullptr;
  BatchPtr batch = std::move(ready_.front());
  ready_.pop_front();
  return batch;
}

void BatchPipe::wait_for_work(Lock& lock) {
  constexpr std::int64_t kNever = INT64_MAX;
  const std::int64_t batch_due =
      filling_->size() == 0 ? kNever : oldest_ns_ + interval_ns_;
  const std::int64_t due =
      std::min(batch_due, tick_due_ns_ == 0 ? kNever : tick_due_ns_);
  if (due == kNever) {
    work_.wait(lock);
    return;
  }
  nanoseconds left(due - clock_->monotonic_ns());
  if (clock_ != Clock::real()) left = std::min(left, kLook);
  if (left.count() > 0) work_.wait_for(lock, left);
}

void BatchPipe::work() noexcept {
  Lock lock(mutex_);
  try {
    while (status_.ok()) {
      if (is_flush_due() && handled_ >= flush_target_) {
        flush_sink(lock);
      } else if (BatchPtr batch = next_batch()) {
        write(std::move(batch), lock);
      } else if (ending_) {
        break;
      } else if (is_tick_due()) {
        tick_sink(lock);
      } else {
        wait_for_work(lock);
      }
    }
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    writing_ = false;
    fail(Status(Code::unavailable, "there was no memory to write it"));
  }
  end(lock);
}

// Calls the sink without the lock. Not ok if anything is not stored.
template <class Call>
Status BatchPipe::call_sink(Lock& lock, Call call) noexcept {
  writing_ = true;
  lock.unlock();
  const std::uint64_t dropped = sink_.counters().dropped();
  const Status made = call();
  Status status = guarded(
      [&] { return result(made, sink_.counters().dropped() != dropped); });
  sink_.said().clear();
  lock.lock();
  writing_ = false;
  see_whether_tick_is_due();
  done_.notify_all();
  return status;
}

// What a call comes to, with all that the sink said of it. Reports notices,
// unless they are why a row is not stored.
Status BatchPipe::result(Status status, bool dropped) {
  const Verdicts& said = sink_.said();
  const bool are_reason = status.ok() && dropped && !said.has_failures();
  if (status.ok()) status = said.failure(dropped);
  if (said.has_notices() && !are_reason) {
    report(name() + ": " + said.notices());
  }
  return status;
}

void BatchPipe::see_whether_tick_is_due() noexcept {
  if (sink_.buffered() == 0) {
    tick_due_ns_ = 0;
  } else if (tick_due_ns_ == 0) {
    tick_due_ns_ = clock_->monotonic_ns() + kTickDelay.count();
  }
}

void BatchPipe::write(BatchPtr batch, Lock& lock) {
  const std::size_t count = batch->size();
  const RowBatch rows = batch->rows(clock_->now());
  sink_.counters().accept(count);
  const Status status = call_sink(lock, [&] { return sink_.write(rows); });
  pending_ -= count;
  handled_ += count;
  sealed_bytes_ -= batch->bytes();
  batch->clear();
  if (spare_.size() < 2) spare_.push_back(std::move(batch));
  if (!status.ok()) fail(status);
  done_.notify_all();
}

void BatchPipe::flush_sink(Lock& lock) {
  const std::uint64_t wanted = flushes_wanted_;
  const Status status = call_sink(lock, [&] { return sink_.flush(); });
  flushes_done_ = std::max(flushes_done_, wanted);
  if (!status.ok()) fail(status);
  done_.notify_all();
}

bool BatchPipe::is_tick_due() const noexcept {
  return tick_due_ns_ != 0 && clock_->monotonic_ns() >= tick_due_ns_;
}

void BatchPipe::tick_sink(Lock& lock) {
  tick_due_ns_ = 0;  // and a delay from now, if the sink still holds rows
  const Status status =
      call_sink(lock, [&] { return sink_.tick(clock_->now()); });
  if (!status.ok()) fail(status);
}

// Call it with the lock held.
void BatchPipe::fail(const Status& status) noexcept {
  status_ = named(status);
  summary_.samples_lost += pending_;
  handled_ += pending_;
  pending_ = 0;
  sealed_bytes_ = 0;
  ready_.clear();
  filling_->clear();
}

void BatchPipe::end(Lock& lock) {
  if (status_.ok()) flush_sink(lock);
  summary_.finished_at = clock_->now();
  ended_ = true;
  done_.notify_all();
}

// Fork and exit.

void BatchPipe::before_fork() noexcept {
  Lock lock(mutex_);
  done_.wait_for(lock, kForkWait, [this] { return !writing_; });
  lock.release();
}

void BatchPipe::after_fork_in_parent() noexcept { mutex_.unlock(); }

// It is leaked there, and its sink may go.
bool BatchPipe::after_fork_in_child() noexcept {
  set_inherited();
  mutex_.unlock();
  if (needs_sink_) sink_.get().abandon();
  return false;
}

}  // namespace stogger
