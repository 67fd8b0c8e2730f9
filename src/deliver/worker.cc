#include "deliver/worker.h"

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <string>

#include "base/guarded.h"
#include "deliver/inside_sink.h"
#include "event/field_record.h"
#include "os/signals.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Between two batches of which the first was not full. So a target that is
// quick gets batches of some size, and not each event by itself.
constexpr milliseconds kPause(1);
// After so long without an event the next one has to wake the worker.
constexpr milliseconds kLongestIdle(1000);
constexpr milliseconds kRetryLook(20);
// Whether there is enough for a batch.
constexpr milliseconds kBatchLook(50);
// For the last events of a queue, those that came while it was being closed.
constexpr milliseconds kLastDrain(250);
constexpr int kMostDrains = 20;
constexpr seconds kBetweenReports(60);

}  // namespace

Worker::Worker(Outlet& outlet, const DeliverySettings& settings,
               std::unique_ptr<RecordRows> rows, std::unique_ptr<Spool> spool)
    : outlet_(outlet),
      settings_(settings),
      spool_(std::move(spool)),
      queue_(settings, make_memory()),
      rows_(std::move(rows)) {
  records_.reserve(settings.batch_rows);
  judged_.reserve(settings.batch_rows);
  if (spool_ == nullptr) return;
  positions_.reserve(settings.batch_rows);
  spool_->attach(queue_);
  spool_started_ = spool_->start();
}

std::span<std::byte> Worker::make_memory() {
  if (spool_ != nullptr) return spool_->memory();
  memory_.emplace(Ring::kHeaderBytes + settings_.queue_bytes);
  return memory_->bytes();
}

Status Worker::start() noexcept {
  const AllSignalsBlocked no_signals;
  Status started = spool_started_;
  if (started.ok()) {
    started = guarded([this] {
      thread_ = std::thread([this] { run(); });
      return Status();
    });
  }
  if (!started.ok()) {
    queue_.close();
    const std::lock_guard lock(reader_);
    work_until_empty(steady_clock::now() + settings_.longest_drain);
    if (spool_ != nullptr) leave();
  }
  return started;
}

// Of a queue that is closed.
[[gnu::noinline]] bool Worker::end_push(RecordQueue::Pushed pushed) noexcept {
  // The thread has it until it has ended: events before this one come first.
  // What is late then is seen to by whoever ends it.
  if (!reader_.try_lock_for(settings_.longest_block)) {
    if (pushed == RecordQueue::Pushed::no) queue_.count_dropped();
    return true;
  }
  const std::lock_guard lock(reader_, std::adopt_lock);
  // What stays on disk is another's by now, and need not have this one.
  if (pushed == RecordQueue::Pushed::no || stays_) return false;
  work_until_empty(steady_clock::now() + kLastDrain);
  return true;
}

bool Worker::wait(TimePoint until, bool patient) noexcept {
  const std::uint64_t position = queue_.tail();
  TimePoint now = steady_clock::now();
  while (!queue_.wait_settled(position, std::min(until, now + kRetryLook))) {
    now = steady_clock::now();
    if (now >= until || leaves_ || outlet_.has_ended() ||
        (!patient && outlet_.is_failing())) {
      return false;
    }
  }
  return true;
}

void Worker::stop(TimePoint start) noexcept {
  if (!thread_.joinable()) return;
  const TimePoint until = start + settings_.longest_drain;
  // As long as the queue is open, no call has to wait. What is logged meanwhile
  // becomes less and less, unless there is more than the sink can take.
  for (int i = 0; i < kMostDrains && !queue_.is_all_settled(); ++i) {
    if (!wait(until, true)) break;
  }
  const TimePoint now = steady_clock::now();
  if (outlet_.has_ended()) {
    last_drain_until_ = now;
  } else {
    last_drain_until_ = now < until ? std::max(until, now + kLastDrain) : until;
  }
  queue_.close();
  thread_.join();
  const std::lock_guard lock(reader_);
  work_until_empty(steady_clock::now() + kLastDrain);
  if (spool_ != nullptr) leave();
}

void Worker::add_to(SinkStats* stats, std::uint64_t handed) const noexcept {
  const std::uint64_t dropped = queue_.dropped();
  const std::uint64_t taken =
      queue_.taken() + inherited_.load(std::memory_order_acquire);
  stats->dropped += dropped;
  if (leaves_.load(std::memory_order_acquire)) {
    // Whoever delivers what is left counts it.
    const std::uint64_t left = left_counted_.load(std::memory_order_relaxed);
    stats->accepted += dropped - left;
    stats->pending -= left;
    return;
  }
  stats->accepted += taken - handed;
  stats->pending += taken - handed - dropped;
  if (spool_ == nullptr) return;
  spool_->add_to(stats);
  stats->spooled = std::min(stats->spooled, stats->pending);
}

// The thread.

void Worker::run() noexcept {
  ::pthread_setname_np(::pthread_self(), "stogger");
  const InsideSink guard;  // also of the functions that get its reports
  const std::lock_guard lock(reader_);
  next_batch_ = steady_clock::now() + settings_.longest_delay;
  while (!queue_.is_closed()) {
    if (is_settled() && gathers_more()) continue;
    if (is_settled() && !fill()) {
      rest();
      continue;
    }
    const bool was_full = records_.size() == settings_.batch_rows;
    if (!hand_over()) {
      queue_.doze(kRetryLook);
    } else if (settings_.gathers) {
      next_batch_ = steady_clock::now() + settings_.longest_delay;
    } else if (is_settled() && !was_full) {
      // A sink that holds rows back writes all that it has at once, at a price.
      queue_.sleep(holds_rows_ ? settings_.longest_delay : kPause);
    }
    make_room();
    report_full(false);
  }
  work_until_empty(last_drain_until_);
}

// Of a queue that is closed: its last events.
void Worker::work_until_empty(TimePoint until) noexcept {
  while (!is_settled() || !queue_.is_all_settled()) {
    if (is_settled() && !fill()) {
      // Somebody is about to commit one; or is held up, for ever perhaps.
      if (steady_clock::now() >= until) break;
      if (spool_ != nullptr) {
        std::this_thread::sleep_for(kPause);  // the disk may be at fault
      } else {
        std::this_thread::yield();
      }
    } else if (steady_clock::now() >= until) {
      if (spool_ != nullptr) break;  // it stays there
      give_up();
    } else if (!hand_over()) {
      std::this_thread::sleep_for(kRetryLook);
    }
  }
  report_full(true);
}

bool Worker::fill() noexcept {
  return spool_ != nullptr ? fill_from_disk() : fill_from_memory();
}

bool Worker::fill_from_disk() noexcept {
  const bool is_some =
      spool_->read(settings_.batch_rows, settings_.batch_bytes);
  acknowledged_ = is_some ? 0 : spool_->records().size();
  if (!is_some) return false;
  const std::vector<QueueRecord>& found = spool_->records();
  records_.assign(found.begin(), found.end());
  std::copy(spool_->queue_id().begin(), spool_->queue_id().end(),
            std::begin(origin_.queue));
  if (spool_->is_inherited()) {
    inherited_.fetch_add(records_.size(), std::memory_order_release);
  } else {
    read_ += records_.size();
  }
  note_new();
  return true;
}

void Worker::note_new() noexcept {
  new_records_ = records_.size();
  if (records_.empty()) return;
  rests_ = 0;
  oldest_ns_.store(record_start(records_.front().bytes).time_ns,
                   std::memory_order_relaxed);
}

bool Worker::fill_from_memory() noexcept {
  while (records_.size() < settings_.batch_rows) {
    const std::span<const std::byte> record = queue_.read();
    if (record.data() == nullptr) break;
    records_.push_back({record, queue_.read_position()});
  }
  read_ += records_.size();
  note_new();
  // The end of a lap that was skipped, and nothing else.
  if (records_.empty() && !queue_.is_released()) release();
  return !records_.empty();
}

// Of a queue that gathers rows: waits for more, unless there are enough for a
// batch, it is due, or somebody waits for it.
bool Worker::gathers_more() noexcept {
  if (!settings_.gathers || queue_.is_all_settled()) return false;
  const auto left =
      std::chrono::ceil<milliseconds>(next_batch_ - steady_clock::now());
  const bool is_enough = queue_.pushed() - read_ >= settings_.batch_rows ||
                         queue_.used() > queue_.capacity() / 2;
  if (left.count() <= 0 || is_enough || queue_.has_waiters() || is_behind()) {
    return false;
  }
  rests_ = 0;
  queue_.sleep(std::min(left, kBatchLook));
  return true;
}

void Worker::rest() noexcept {
  const milliseconds delay = settings_.gathers
                                 ? std::min(settings_.longest_delay, kBatchLook)
                                 : settings_.longest_delay;
  if (spool_ != nullptr && spool_->has_lost()) count_lost();
  if (spool_ != nullptr && spool_->is_behind()) {
    // What others have left cannot be read now.
    queue_.sleep(std::min(delay, kLongestIdle));
    return;
  }
  if (rests_ * delay >= kLongestIdle) {
    queue_.sleep(RecordQueue::kUntilEvent);
  } else {
    ++rests_;
    queue_.sleep(delay);
  }
}

// Events that the disk has lost are dropped ones. Until all others are settled,
// it is not known how many they are: then it is tried again.
void Worker::count_lost() noexcept {
  const std::uint64_t taken = queue_.taken() + inherited_;
  const std::uint64_t settled =
      queue_.dropped() + outlet_.counters().accepted();
  if (!queue_.is_all_settled() || queue_.taken() + inherited_ != taken) return;
  spool_->note_counted();
  if (taken > settled) queue_.count_dropped(taken - settled);
}

// Whether all that was read is with the target, and acknowledged.
bool Worker::is_settled() const noexcept {
  return records_.empty() &&
         (spool_ == nullptr || acknowledged_ == spool_->records().size());
}

// False if the sink is out of order.
bool Worker::hand_over() noexcept {
  outlet_.begin_queued(std::exchange(new_records_, 0));
  const RowLayout* const layout = outlet_.open_queued();
  bool works = layout != nullptr;
  if (works) {
    if (const std::size_t count = render(*layout); count != 0) {
      judged_.assign(count, false);
      const std::uint64_t kept =
          outlet_.write_queued(rows(count), rows_->sanitized(), judged_);
      settle(count, kept);
      works = kept == 0;
    } else {
      works = records_.empty();
    }
  }
  // What a sink holds back is in no file yet.
  holds_rows_ = spool_ != nullptr && outlet_.holds_rows();
  const bool is_flushed = spool_ == nullptr || outlet_.flush_queued();
  outlet_.end_write();
  if (spool_ != nullptr) {
    if (is_flushed) acknowledge();
  } else if (records_.empty()) {
    release();
  }
  return works && is_flushed;
}

// Of the records that were read, those before the first one that is left.
void Worker::acknowledge() noexcept {
  const std::vector<QueueRecord>& read = spool_->records();
  std::size_t done = read.size();
  while (!records_.empty() && done > acknowledged_ &&
         read[done - 1].position >= records_.front().position) {
    --done;
  }
  if (done == acknowledged_) return;
  // Before anybody who waits for the events is woken.
  if (records_.empty()) oldest_ns_.store(0, std::memory_order_relaxed);
  spool_->acknowledge(read[done - 1].position, done - acknowledged_);
  acknowledged_ = done;
}

// Those of the first `count` records.
RowBatch Worker::rows(std::size_t count) {
  RowBatch rows = rows_->rows();
  if (spool_ == nullptr) return rows;
  positions_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    positions_.push_back(records_[i].position);
  }
  origin_.positions = positions_.data();
  rows.origin = &origin_;
  return rows;
}

// How many of the records are rows now. The first one may be gone: if it cannot
// be rendered, it never will be.
std::size_t Worker::render(const RowLayout& layout) noexcept {
  rows_->clear();
  std::size_t count = 0;
  while (count < records_.size()) {
    try {
      if (!rows_->add(records_[count].bytes, layout)) break;
      ++count;
    } catch (const std::bad_alloc&) {
      // What is on disk can wait for memory.
      if (count == 0 && spool_ == nullptr) refuse_first("there was no memory");
      break;
    } catch (...) {
      if (count == 0) refuse_first("its record is damaged");
      break;
    }
  }
  return count;
}

void Worker::refuse_first(std::string_view why) noexcept {
  outlet_.refuse_queued(1, why);
  records_.erase(records_.begin());
}

// Of the first `count` records, the last `kept` that got no verdict stay.
void Worker::settle(std::size_t count, std::uint64_t kept) noexcept {
  if (kept == 0) {
    records_.erase(records_.begin(),
                   records_.begin() + static_cast<std::ptrdiff_t>(count));
    return;
  }
  std::size_t to = count;
  for (std::size_t from = count; from-- > 0;) {
    if (judged_[from] || kept == 0) continue;
    --kept;
    records_[--to] = records_[from];
  }
  records_.erase(records_.begin(),
                 records_.begin() + static_cast<std::ptrdiff_t>(to));
}

void Worker::release() noexcept {
  oldest_ns_.store(0, std::memory_order_relaxed);
  queue_.release(queue_.read_position());
}

// All that were read. How many they were.
std::uint64_t Worker::drop() noexcept {
  const std::uint64_t dropped = records_.size();
  outlet_.begin_queued(std::exchange(new_records_, 0));
  outlet_.drop_queued(dropped);
  outlet_.end_write();
  records_.clear();
  if (spool_ != nullptr) {
    acknowledge();
  } else {
    release();
  }
  return dropped;
}

// The time to hand over is up.
void Worker::give_up() noexcept {
  std::uint64_t dropped = 0;
  do {
    dropped += drop();
  } while (fill());
  given_up_ += dropped;
  outlet_.report_undelivered(dropped);
}

// Events that are not with their target stay on disk. Others count them there.
void Worker::leave() noexcept {
  // The last chance of rows that the sink holds back.
  if (records_.empty() && !is_settled()) static_cast<void>(hand_over());
  const bool has_some = !is_settled();
  const std::uint64_t counted = records_.size() - new_records_;
  const std::uint64_t handed = outlet_.counters().accepted();
  const std::uint64_t taken = queue_.taken() + inherited_ - queue_.dropped();
  const std::uint64_t left = counted + (taken > handed ? taken - handed : 0);
  stays_ = spool_->stop();
  records_.clear();
  new_records_ = 0;
  acknowledged_ = spool_->records().size();
  oldest_ns_.store(0, std::memory_order_relaxed);
  if (!stays_ && !has_some) return;
  left_counted_.store(counted, std::memory_order_relaxed);
  left_ = left;
  leaves_.store(true, std::memory_order_release);
  if (left != 0) outlet_.report_left(left);
}

// Drops the oldest events, a quarter of the queue, if a call waits for that.
void Worker::make_room() noexcept {
  if (settings_.when_full != WhenFull::drop_oldest || !queue_.was_full()) {
    return;
  }
  const auto is_full = [this] {
    return spool_ != nullptr ? spool_->is_nearly_full()
                             : queue_.used() > queue_.capacity() / 4 * 3;
  };
  // What the sink holds back is not to be dropped.
  while (is_full() && (!records_.empty() || (is_settled() && fill()))) {
    dropped_oldest_ += drop();
  }
}

void Worker::report_full(bool at_end) noexcept {
  const std::uint64_t dropped = queue_.dropped() + dropped_oldest_;
  if (dropped == reported_drops_) return;
  const TimePoint now = steady_clock::now();
  if (!at_end && now < next_drop_report_) return;
  next_drop_report_ = now + kBetweenReports;
  outlet_.report_full_queue(dropped - std::exchange(reported_drops_, dropped));
}

}  // namespace stogger
