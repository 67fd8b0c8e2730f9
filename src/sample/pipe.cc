#include "sample/pipe.h"

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
constexpr milliseconds kForkWait(250);
// As Sink::tick() promises.
constexpr nanoseconds kTickDelay = milliseconds(1000);

std::string name_of(const Sink& sink) {
  const std::string_view target = sink.target();
  return target.empty() ? "the sink" : "the sink " + std::string(target);
}

Status pipe_inherited() {
  return Status(Code::invalid,
                "the pipe belongs to the parent of this process: make a sink "
                "and a pipe after fork()");
}

// What rows mean that a working target does not have: `dropped` by the sink, or
// with a verdict. A sink that knows no row to blame gives the reason as a
// notice; it is moved out of there.
Status failure_of_rows(const Verdicts& said, bool dropped,
                       std::string* notices) {
  if (said.has_failures()) {
    return Status(said.refused() != 0 ? Code::rejected : Code::unavailable,
                  said.failures());
  }
  if (!dropped) return {};
  return Status(Code::rejected, notices->empty()
                                    ? std::string("it did not store all rows")
                                    : std::exchange(*notices, {}));
}

// Never destroyed, for pipes may be used until the program has ended.
const std::vector<HiddenValue>& nothing_hidden() {
  static const auto* const nothing = new std::vector<HiddenValue>;
  return *nothing;
}

// All pipes, or all that write to the sink.
void finish_pipes(const Sink* sink) noexcept {
  const auto pipe = [](ProcessObject& object) -> LivePipe& {
    return static_cast<LivePipe&>(object);
  };
  process_objects(ProcessPart::pipes)
      .use_up(
          [&](ProcessObject& one) {
            return sink == nullptr || pipe(one).writes_to(*sink);
          },
          [&](ProcessObject& one) { pipe(one).finish_unasked(); });
}

}  // namespace

Pipe::Rep::Rep(Sink& sink, const PipeOptions& options)
    : sink_(sink, nothing_hidden(), {}),
      options_(options),
      clock_(options.clock == nullptr ? Clock::real() : options.clock),
      interval_ns_(flush_interval_ns(options)),
      filling_(std::make_unique<SampleBatch>()),
      status_(check_pipe_options(options)),
      schedule_(status_.ok() ? options.period_s : 0) {
  summary_.started_at = clock_->now();
  summary_.finished_at = summary_.started_at;
  if (!status_.ok()) {
    ended_ = true;
    needs_sink_ = false;
  }
  // Once there is a pipe: its sink was there before, so that it is also there
  // when this comes.
  static const bool at_exit = [] {
    handle_exit(ExitPart::pipes, []() noexcept { finish_pipes(nullptr); });
    return true;
  }();
  static_cast<void>(at_exit);
  see_whether_tick_is_due();  // it may have been in use before
  process_objects(ProcessPart::pipes).add(*this);
}

Pipe::Rep::~Rep() { process_objects(ProcessPart::pipes).remove(*this); }

void Pipe::Rep::start() {
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

// Call it with the lock held.
Status Pipe::Rep::returned() noexcept {
  if (!status_.ok()) has_returned_failure_ = true;
  return status_;
}

std::size_t Pipe::Rep::pending_bytes() const noexcept {
  return sealed_bytes_ + filling_->bytes();
}

bool Pipe::Rep::has_room() const noexcept {
  return pending_ == 0 || (pending_ < options_.max_pending &&
                           pending_bytes() < options_.max_pending_bytes);
}

// False if there will be none for this sample.
bool Pipe::Rep::wait_for_room(Lock& lock) {
  if (filling_->size() != 0) seal();
  if (options_.when_full == WhenFull::drop_newest) return false;
  done_.wait(lock, [this] { return has_room() || ending_ || !status_.ok(); });
  return true;
}

// Hands the samples so far to the worker.
void Pipe::Rep::seal() {
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

Status Pipe::Rep::push(const Sample& given) {
  if (is_inherited()) return pipe_inherited();
  SettledSample settled(given);
  const Sample& sample = settled.get();
  Lock lock(mutex_);
  if (status_.ok() && !ending_ && !has_room() && !wait_for_room(lock)) {
    ++summary_.samples_dropped;
    schedule_.note(sample.device, sample.requested_at);
    return {};
  }
  if (!status_.ok()) return returned();
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

Status Pipe::Rep::flush() {
  if (is_inherited()) return pipe_inherited();
  Lock lock(mutex_);
  const std::uint64_t wanted = ++flushes_wanted_;
  flush_target_ = accepted_;
  work_.notify_one();
  done_.wait(lock, [&] { return ended_ || flushes_done_ >= wanted; });
  return returned();
}

Status Pipe::Rep::finish(PipeSummary* summary) {
  if (is_inherited()) return pipe_inherited();
  Status status;
  {
    Lock lock(mutex_);
    ending_ = true;
    work_.notify_one();
    done_.notify_all();
    done_.wait(lock, [this] { return ended_; });
    needs_sink_ = false;
    if (summary != nullptr) fill_in(summary);
    status = returned();
  }
  const std::lock_guard lock(join_mutex_);
  if (worker_.joinable()) worker_.join();
  return status;
}

PipeSummary Pipe::Rep::summary() const {
  const Lock lock(mutex_);
  PipeSummary summary;
  fill_in(&summary);
  return summary;
}

void Pipe::Rep::fill_in(PipeSummary* summary) const {
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

bool Pipe::Rep::is_flush_due() const noexcept {
  return flushes_done_ < flushes_wanted_;
}

bool Pipe::Rep::is_due() const noexcept {
  return ending_ || (is_flush_due() && handled_ < flush_target_) ||
         clock_->monotonic_ns() - oldest_ns_ >= interval_ns_;
}

Pipe::Rep::BatchPtr Pipe::Rep::next_batch() {
  if (ready_.empty() && filling_->size() != 0 && is_due()) seal();
  if (ready_.empty()) return nullptr;
  BatchPtr batch = std::move(ready_.front());
  ready_.pop_front();
  return batch;
}

void Pipe::Rep::wait_for_work(Lock& lock) {
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

void Pipe::Rep::work() noexcept {
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
Status Pipe::Rep::call_sink(Lock& lock, Call call) noexcept {
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

// What a call comes to, with all that the sink said of it. Reports notices.
Status Pipe::Rep::result(Status status, bool dropped) {
  std::string notices = sink_.said().notices();
  if (status.ok()) status = failure_of_rows(sink_.said(), dropped, &notices);
  if (!notices.empty()) report(name_of(sink_.get()) + ": " + notices);
  return status;
}

void Pipe::Rep::see_whether_tick_is_due() noexcept {
  if (sink_.buffered() == 0) {
    tick_due_ns_ = 0;
  } else if (tick_due_ns_ == 0) {
    tick_due_ns_ = clock_->monotonic_ns() + kTickDelay.count();
  }
}

void Pipe::Rep::write(BatchPtr batch, Lock& lock) {
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

void Pipe::Rep::flush_sink(Lock& lock) {
  const std::uint64_t wanted = flushes_wanted_;
  const Status status = call_sink(lock, [&] { return sink_.flush(); });
  flushes_done_ = std::max(flushes_done_, wanted);
  if (!status.ok()) fail(status);
  done_.notify_all();
}

bool Pipe::Rep::is_tick_due() const noexcept {
  return tick_due_ns_ != 0 && clock_->monotonic_ns() >= tick_due_ns_;
}

void Pipe::Rep::tick_sink(Lock& lock) {
  tick_due_ns_ = 0;  // and a delay from now, if the sink still holds rows
  const Status status =
      call_sink(lock, [&] { return sink_.tick(clock_->now()); });
  if (!status.ok()) fail(status);
}

// Call it with the lock held.
void Pipe::Rep::fail(const Status& status) noexcept {
  try {
    status_ = Status(status.code(), name_of(sink_.get()) + ": " +
                                        std::string(status.message()));
  } catch (...) {
    status_ = status;
  }
  summary_.samples_lost += pending_;
  handled_ += pending_;
  pending_ = 0;
  sealed_bytes_ = 0;
  ready_.clear();
  filling_->clear();
}

void Pipe::Rep::end(Lock& lock) {
  if (status_.ok()) flush_sink(lock);
  summary_.finished_at = clock_->now();
  ended_ = true;
  done_.notify_all();
}

// Fork and exit.

void Pipe::Rep::before_fork() noexcept {
  Lock lock(mutex_);
  // A sink that hangs must not keep the process from splitting.
  done_.wait_for(lock, kForkWait, [this] { return !writing_; });
  lock.release();
}

void Pipe::Rep::after_fork_in_parent() noexcept { mutex_.unlock(); }

// It is leaked there, and its sink may go.
bool Pipe::Rep::after_fork_in_child() noexcept {
  inherited_.store(true);
  mutex_.unlock();
  if (needs_sink_) sink_.get().abandon();
  return false;
}

void Pipe::Rep::finish_unasked() noexcept {
  if (is_inherited()) return;
  bool is_known = false;
  {
    const Lock lock(mutex_);
    is_known = has_returned_failure_;
  }
  Status status = guarded([this] { return finish(nullptr); });
  if (!is_known && !status.ok()) report(status.message());
}

void finish_pipes_to(const Sink& sink) noexcept { finish_pipes(&sink); }

// The handle.

Pipe::Pipe(Sink& sink, PipeOptions options) noexcept : rep_(nullptr) {
  try {
    auto rep = std::make_unique<Rep>(sink, options);
    rep->start();
    rep_ = rep.release();
  } catch (...) {
    // Every call tells.
  }
}

Pipe::~Pipe() {
  if (rep_ == nullptr || rep_->is_inherited()) return;
  rep_->finish_unasked();
  delete rep_;
}

namespace {

Status no_memory() {
  return Status(Code::unavailable, "pipe: there was no memory for it");
}

}  // namespace

Status Pipe::push(const Sample& sample) noexcept {
  if (rep_ == nullptr) return no_memory();
  return guarded([&] { return rep_->push(sample); });
}

Status Pipe::flush() noexcept {
  if (rep_ == nullptr) return no_memory();
  return guarded([&] { return rep_->flush(); });
}

Status Pipe::finish(PipeSummary* summary) noexcept {
  if (rep_ == nullptr) return no_memory();
  return guarded([&] { return rep_->finish(summary); });
}

PipeSummary Pipe::summary() const noexcept {
  if (rep_ == nullptr) return {};
  try {
    return rep_->summary();
  } catch (...) {
    return {};
  }
}

}  // namespace stogger
