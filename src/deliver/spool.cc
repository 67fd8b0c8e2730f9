#include "deliver/spool.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/guarded.h"
#include "base/quote.h"
#include "deliver/inside_sink.h"
#include "os/diagnostics.h"
#include "os/monotonic.h"
#include "os/program_name.h"
#include "os/signals.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often the thread looks at the ring: four threads at full speed fill half
// of it in about that time.
constexpr milliseconds kBetweenLooks(5);
// With a disk that takes nothing.
constexpr milliseconds kBetweenTries(100);

}  // namespace

Spool::Spool(const DeliverySettings& settings, const SinkTitle& title)
    : settings_(settings.spool),
      capacity_(settings.queue_bytes),
      title_(title),
      owner_{std::string(program_name()), title.name, title.type},
      folder_(settings_.spool_dir, settings_.ring_dir) {}

Status Spool::make(const DeliverySettings& settings, const SinkTitle& title,
                   std::unique_ptr<Spool>* spool) {
  const std::string& folder = settings.spool.spool_dir;
  if (!folder.starts_with('/')) {
    return Status(
        Code::config,
        folder.empty()
            ? "there is no spool_dir, nor a $STATE_DIRECTORY; set spool_dir"
            : "spool_dir must be absolute, not " + quoted(folder));
  }
  std::unique_ptr<Spool> made(new Spool(settings, title));
  Status status = made->folder_.create(made->owner_);
  if (!status.ok()) return status;
  status =
      made->file_.create(made->folder_.ring_folder(), made->folder_.ring_name(),
                         made->capacity_, made->folder_.queue());
  if (!status.ok()) {
    made->folder_.remove();
    return status;
  }
  *spool = std::move(made);
  return {};
}

Spool::~Spool() { static_cast<void>(stop()); }

void Spool::attach(EventQueue& queue) {
  queue_ = &queue;
  store_ = std::make_unique<SpoolStore>(folder_, file_, &queue.ring());
  batch_queue_ = folder_.queue();
}

Status Spool::start() noexcept {
  const AllSignalsBlocked no_signals;
  return guarded([&] {
    thread_ = std::thread([this] { keep(); });
    return Status();
  });
}

void Spool::abandon() noexcept {
  folder_.close();
  if (inherited_ != nullptr) inherited_->folder.close();
}

// Keeping.

void Spool::keep() noexcept {
  ::pthread_setname_np(::pthread_self(), "stogger-spool");
  const InsideSink guard;  // also of the functions that get its reports
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    if (store_->is_done()) {
      is_idle_ = true;
      wake_.wait(lock, [this] { return is_stopping_ || !is_idle_; });
    } else {
      wake_.wait_for(lock, kBetweenLooks, [this] { return is_stopping_; });
    }
    const Status kept = guarded([&] {
      keep_once(lock);
      return Status();
    });
    if (!kept.ok()) report_problem(kept.message());
  }
}

// Moves events to the disk if the ring is half full, or if they were there half
// of the time ago that a power cut may cost.
void Spool::keep_once(std::unique_lock<std::mutex>& lock) {
  const steady_clock::time_point now = steady_clock::now();
  bool must_spill = queue_->used() > capacity_ / 2;
  if (settings_.sync.count() != 0 && now >= next_look_) {
    next_look_ = now + settings_.sync / 2;
    must_spill = must_spill || queue_->ring().released() < seen_;
    seen_ = queue_->tail();
  }
  if (!must_spill || (is_failing_ && now < next_try_)) return;
  const Status status = store_->spill(settings_.most_bytes);
  queue_->note_room();
  note_sizes();
  if (!status.ok()) {
    next_try_ = now + kBetweenTries;
    if (!is_failing_) report_problem(status.message());
  }
  is_failing_ = !status.ok();
  sync(lock);
}

void Spool::sync(std::unique_lock<std::mutex>& lock) {
  const auto files = store_->take_unsynced();
  if (settings_.sync.count() == 0 || files.empty()) return;
  lock.unlock();
  bool is_synced = folder_.folder().sync() == 0;
  for (const auto& file : files) {
    is_synced = ::fdatasync(file->get()) == 0 && is_synced;
  }
  lock.lock();
  if (!is_synced) {
    report_problem(
        "what was moved to the disk may not be there after a power cut");
  }
}

// Reading.

bool Spool::read(std::size_t most_rows, std::size_t most_bytes) noexcept {
  const std::lock_guard lock(mutex_);
  if (leaves_) return false;  // it may be another's by now
  bool found = false;
  const Status status = guarded([&] {
    found = read_any(most_rows, most_bytes);
    return Status();
  });
  if (!status.ok()) report_problem(status.message());
  note_sizes();
  if (found && is_idle_) {
    is_idle_ = false;
    wake_.notify_one();
  }
  return found;
}

bool Spool::read_any(std::size_t most_rows, std::size_t most_bytes) {
  std::string problem;
  while (!is_stopped_ && (inherited_ != nullptr || next_inherited())) {
    const bool found =
        inherited_->store->read(most_rows, most_bytes, &batch_, &problem);
    if (!problem.empty()) report_problem(std::exchange(problem, {}));
    if (found) {
      batch_queue_ = inherited_->folder.queue();
      return true;
    }
    inherited_->folder.remove();
    inherited_.reset();
  }
  is_behind_.store(false, std::memory_order_release);
  batch_queue_ = folder_.queue();
  const bool found = store_->read(most_rows, most_bytes, &batch_, &problem);
  if (!problem.empty()) report_problem(problem);
  return found;
}

// False if there is none any more.
bool Spool::next_inherited() {
  if (!has_looked_) {
    has_looked_ = true;
    left_ = folder_.list(owner_.sink);
    std::reverse(left_.begin(), left_.end());
    if (!settings_.replayed.empty()) inherited_ = take_over(nullptr);
  }
  while (inherited_ == nullptr && !left_.empty()) {
    const QueueId queue = left_.back();
    left_.pop_back();
    if (queue != folder_.queue()) inherited_ = take_over(&queue);
  }
  return inherited_ != nullptr;
}

// Null if it is not to be delivered. Without a queue: the one that is replayed.
std::unique_ptr<Spool::Inherited> Spool::take_over(const QueueId* queue) {
  auto found = std::make_unique<Inherited>(settings_);
  SpoolFolder& folder = found->folder;
  SpoolOwner any;
  const SpoolFolder::Taken taken =
      queue != nullptr ? folder.take_over(owner_, *queue)
                       : folder.take_over_any(settings_.replayed, &any);
  if (taken == SpoolFolder::Taken::newer) {
    report_problem("a later version of the library has left " + folder.path() +
                   ", which is not delivered");
  }
  if (taken != SpoolFolder::Taken::yes) return nullptr;
  const RingFile::Found file = found->file.open(
      folder.ring_folder(), folder.ring_name(), folder.queue());
  const bool is_copy = file == RingFile::Found::copy;
  if (is_copy && queue != nullptr) {
    report_problem(folder.path() +
                   " is a copy, and is not delivered; `stogger spool "
                   "replay` does that");
    return nullptr;
  }
  const bool has_ring = (is_copy || file == RingFile::Found::ring) &&
                        found->ring.take_over(found->file.memory());
  found->store = std::make_unique<SpoolStore>(
      folder, found->file, has_ring ? &found->ring : nullptr);
  return found;
}

void Spool::acknowledge() noexcept {
  const std::lock_guard lock(mutex_);
  if (inherited_ != nullptr) return inherited_->store->acknowledge();
  store_->acknowledge();
  queue_->settle(store_->position());
  note_sizes();
}

bool Spool::is_nearly_full() noexcept {
  const std::lock_guard lock(mutex_);
  return store_->segment_bytes() > settings_.most_bytes / 4 * 3;
}

// The end.

bool Spool::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  if (is_stopped_) return leaves_;
  is_stopped_ = true;
  if (inherited_ != nullptr) inherited_->folder.close();
  if (store_ == nullptr) {
    folder_.remove();
    return false;
  }
  const Status status = guarded([&] {
    // Whatever the limit: this is all that there will be.
    Status spilled = store_->spill(UINT64_MAX);
    sync(lock);
    return spilled;
  });
  if (!status.ok()) report_problem(status.message());
  note_sizes();
  leaves_ = !store_->is_done();
  if (leaves_) {
    folder_.close();
  } else {
    folder_.remove();
  }
  return leaves_;
}

// What is said and counted.

void Spool::note_sizes() noexcept {
  spooled_.store(store_->spooled(), std::memory_order_relaxed);
  std::uint64_t bytes = store_->segment_bytes();
  if (inherited_ != nullptr) bytes += inherited_->store->segment_bytes();
  spooled_bytes_.store(bytes, std::memory_order_relaxed);
}

void Spool::add_to(SinkStats* stats) const noexcept {
  stats->spooled += spooled_.load(std::memory_order_relaxed);
  stats->spooled_bytes += spooled_bytes_.load(std::memory_order_relaxed);
}

// Names the sink alone: its target may be changing.
void Spool::report_problem(std::string_view what) noexcept {
  std::uint64_t left_out = 0;
  if (!limit_.pass(now_milliseconds() * 1000000, &left_out)) return;
  try {
    report("sink '" + title_.name + "' (" + title_.type +
           "): its queue on disk: " + std::string(what));
  } catch (...) {
    // No memory for it.
  }
}

}  // namespace stogger
