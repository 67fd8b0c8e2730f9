#include "deliver/record_queue.h"

namespace stogger {

using std::chrono::steady_clock;

// Of a worker that has nothing to do although something is on its way.
constexpr std::chrono::milliseconds kShortSleep(1);

RecordQueue::RecordQueue(const DeliverySettings& settings,
                         std::span<std::byte> memory)
    : when_full_(settings.when_full), longest_block_(settings.longest_block) {
  ring_.make(memory);
}

void RecordQueue::wake() noexcept {
  const std::lock_guard lock(mutex_);
  is_wanted_ = true;
  is_asleep_.store(false, std::memory_order_relaxed);
  Attention sleeper = Attention::sleeper;
  attention_.compare_exchange_strong(sleeper, Attention::none);
  wake_.notify_one();
}

// The queue is full.
[[gnu::noinline]] std::byte* RecordQueue::claim_late(
    std::size_t size) noexcept {
  if (size > ring_.largest_record()) return nullptr;
  was_full_.store(true, std::memory_order_relaxed);
  if (when_full_ == WhenFull::drop_newest || longest_block_.count() == 0 ||
      is_stalled_.load(std::memory_order_relaxed)) {
    return nullptr;
  }
  return wait_for_room(size);
}

// Who waits in vain is not followed by others until something was released: a
// target that is out of order stops no program.
std::byte* RecordQueue::wait_for_room(std::size_t size) noexcept {
  const auto until = steady_clock::now() + longest_block_;
  std::unique_lock lock(mutex_);
  waiting_.fetch_add(1);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  is_wanted_ = true;
  wake_.notify_one();
  std::byte* record = ring_.claim(size);
  while (record == nullptr && !is_stalled_.load(std::memory_order_relaxed)) {
    if (released_.wait_until(lock, until) == std::cv_status::timeout) {
      record = ring_.claim(size);
      if (record == nullptr) is_stalled_.store(true, std::memory_order_relaxed);
      break;
    }
    record = ring_.claim(size);
  }
  waiting_.fetch_sub(1);
  return record;
}

bool RecordQueue::wait_settled(std::uint64_t position,
                               steady_clock::time_point until) noexcept {
  std::unique_lock lock(mutex_);
  waiting_.fetch_add(1);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  is_wanted_ = true;
  wake_.notify_one();
  const bool settled =
      released_.wait_until(lock, until, [&] { return is_settled(position); });
  waiting_.fetch_sub(1);
  return settled;
}

void RecordQueue::close() noexcept {
  const std::lock_guard lock(mutex_);
  attention_.store(Attention::closed, std::memory_order_seq_cst);
  is_wanted_ = true;
  wake_.notify_one();
}

void RecordQueue::note_room() noexcept {
  if (is_stalled_.load(std::memory_order_relaxed)) [[unlikely]]
    is_stalled_.store(false, std::memory_order_relaxed);
  // A thread that begins to wait after this finds the room by itself.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (waiting_.load(std::memory_order_seq_cst) == 0) return;
  const std::lock_guard lock(mutex_);
  released_.notify_all();
}

void RecordQueue::doze(std::chrono::milliseconds time) noexcept {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return is_wanted_; });
  is_wanted_ = false;
}

void RecordQueue::sleep(std::chrono::milliseconds time) noexcept {
  std::unique_lock lock(mutex_);
  is_asleep_.store(true, std::memory_order_relaxed);
  if (time == kUntilEvent) {
    Attention none = Attention::none;
    attention_.compare_exchange_strong(none, Attention::sleeper);
    if (is_all_settled()) {
      wake_.wait(lock, [this] { return is_wanted_; });
    } else {
      wake_.wait_for(lock, kShortSleep, [this] { return is_wanted_; });
    }
    Attention sleeper = Attention::sleeper;
    attention_.compare_exchange_strong(sleeper, Attention::none);
  } else {
    wake_.wait_for(lock, time, [this] { return is_wanted_; });
  }
  is_asleep_.store(false, std::memory_order_relaxed);
  is_wanted_ = false;
}

}  // namespace stogger
