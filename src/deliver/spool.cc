#include "deliver/spool.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/guarded.h"
#include "base/quote.h"
#include "deliver/inside_sink.h"
#include "os/diagnostics.h"
#include "os/monotonic.h"
#include "os/process.h"
#include "os/program_name.h"
#include "os/signals.h"

namespace stogger {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// How often the thread looks at the ring: four threads at full speed fill half
// of it in about the shorter time.
constexpr milliseconds kBetweenLooks(5);
constexpr milliseconds kBetweenIdleLooks(100);
// Parts of the time that a power cut may cost, after which it looks whether
// something has waited. What has waited for two of them, and not for three, is
// moved: the fourth is left for the disk.
constexpr int kLooksASync = 4;
// With a disk that takes nothing.
constexpr milliseconds kBetweenTries(100);
// With one that fails to keep what it took.
constexpr seconds kBetweenRewrites(1);
// How many queues of others are taken over at a time, how often they are looked
// for, and how long one is tried that cannot be read.
constexpr std::size_t kMostInherited = 16;
constexpr seconds kBetweenSearches(60);
constexpr seconds kLongestFailing(5);
// Parts of what a queue may take of the disk: as much is given up at once.
constexpr std::uint64_t kFilesOfASpool = 8;
constexpr std::uint64_t kLargestFile = std::uint64_t{16} << 20;

// `most` is 0 if there is no such limit.
microseconds shorter(microseconds time, microseconds most) {
  return most.count() == 0 ? time : std::min(time, most);
}

}  // namespace

Spool::Spool(const DeliverySettings& settings, const SinkTitle& title)
    : settings_(settings.spool),
      capacity_(settings.queue_bytes),
      between_syncs_(std::chrono::microseconds(settings_.sync) / kLooksASync),
      between_looks_(shorter(kBetweenLooks, between_syncs_)),
      between_idle_looks_(settings.longest_delay <= between_syncs_
                              ? kBetweenIdleLooks
                              : shorter(kBetweenIdleLooks, between_syncs_)),
      title_(title),
      owner_{std::string(program_name()), title.name,
             settings_.owner_type.empty() ? title.type : settings_.owner_type},
      folder_(settings_.spool_dir, settings_.ring_dir) {}

Status Spool::make(const DeliverySettings& settings, const SinkTitle& title,
                   std::unique_ptr<Spool>* spool) {
  const std::string& spool_dir = settings.spool.spool_dir;
  const std::string& ring_dir = settings.spool.ring_dir;
  if (spool_dir.empty()) {
    return Status(
        Code::config,
        "there is no spool_dir, nor a $STATE_DIRECTORY; set spool_dir");
  }
  if (!spool_dir.starts_with('/')) {
    return Status(Code::config,
                  "spool_dir must be absolute, not " + quoted(spool_dir));
  }
  if (!ring_dir.empty() && !ring_dir.starts_with('/')) {
    return Status(Code::config,
                  "ring_dir must be absolute, not " + quoted(ring_dir));
  }
  std::unique_ptr<Spool> made(new Spool(settings, title));
  const NoFork no_child_has_the_lock;
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

void Spool::attach(RecordQueue& queue) {
  queue_ = &queue;
  store_ = std::make_unique<SpoolStore>(folder_, file_, &queue.ring());
  store_->set_file_size(
      std::min(kLargestFile, settings_.most_bytes / kFilesOfASpool));
  batch_queue_ = folder_.queue();
}

Status Spool::start() noexcept {
  const AllSignalsBlocked no_signals;
  return guarded([&] {
    thread_ = std::thread([this] { keep(); });
    return Status();
  });
}

// Keeping.

void Spool::keep() noexcept {
  ::pthread_setname_np(::pthread_self(), "stogger-spool");
  const InsideSink guard;  // also of the functions that get its reports
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    // The worker ends the longer time when it gets something, which is soon
    // enough if it looks often.
    is_idle_ = store_->is_done() && inherited_.empty();
    const bool was_idle = is_idle_;
    steady_clock::time_point until =
        steady_clock::now() + (is_idle_ ? between_idle_looks_ : between_looks_);
    if (!is_idle_ && settings_.sync.count() != 0) {
      until = std::min(until, next_look_);
    }
    wake_.wait_until(lock, until,
                     [&] { return is_stopping_ || is_idle_ != was_idle; });
    const Status kept = guarded([&] {
      keep_once(lock);
      return Status();
    });
    // Nothing is lost by that: it is still in the ring.
    if (!kept.ok()) note_problem(kept.message());
    report_problems(lock);
  }
}

// Moves events to the disk if the ring is half full, or if they were there two
// looks ago, which is half of the time that a power cut may cost.
void Spool::keep_once(std::unique_lock<std::mutex>& lock) {
  const steady_clock::time_point now = steady_clock::now();
  bool must_spill = queue_->used() > capacity_ / 2;
  const bool is_due = settings_.sync.count() != 0 && now >= next_look_;
  if (is_due) {
    next_look_ = now + between_syncs_;
    must_spill = must_spill || queue_->ring().released() < seen_before_;
    seen_before_ = std::exchange(seen_, queue_->tail());
  }
  if (must_spill && (!is_failing_ || now >= next_try_)) {
    const std::uint64_t before = queue_->ring().released();
    const bool was_failing = std::exchange(is_failing_, true);
    next_try_ = now + kBetweenTries;
    const Status status = store_->spill(settings_.most_bytes);
    is_failing_ = !status.ok();
    if (is_failing_ && !was_failing) note_problem(status.message());
    // Whoever waits in vain is not followed by others as long as nothing moves.
    if (queue_->ring().released() != before) queue_->note_room();
    note_sizes();
    sync(lock, folder_, *store_);
  }
  if (is_due && now >= next_rewrite_) rewrite(lock, folder_, *store_);
  if (is_due) keep_inherited(lock, now);
}

// The rings of others are lost with the power, too.
void Spool::keep_inherited(std::unique_lock<std::mutex>& lock,
                           steady_clock::time_point now) {
  for (std::size_t i = 0; i < inherited_.size(); ++i) {
    const InheritedPtr one = inherited_[i];
    // A failure has been reported if it is that of the disk.
    static_cast<void>(one->store->spill(UINT64_MAX));
    sync(lock, one->folder, *one->store);
    if (now >= next_rewrite_) rewrite(lock, one->folder, *one->store);
  }
}

// Waits without the lock.
void Spool::sync(std::unique_lock<std::mutex>& lock, const SpoolFolder& folder,
                 SpoolStore& store) {
  const auto files = store.take_unsynced();
  if (settings_.sync.count() == 0 || files.empty()) return;
  const bool is_first = &folder == &folder_ && !is_synced_;
  lock.unlock();
  const bool has_folder =
      !is_first || guarded([&] { return folder.sync(); }).ok();
  bool is_synced = has_folder && folder.folder().sync() == 0;
  for (const auto& [first, file] : files) {
    is_synced = ::fdatasync(file->get()) == 0 && is_synced;
  }
  lock.lock();
  if (is_first) is_synced_ = has_folder;
  if (is_synced) return;
  note_problem(
      "what was moved to the disk may not be there after a power cut; it is "
      "written again");
  for (const auto& [first, file] : files) store.note_not_synced(first);
}

void Spool::rewrite(std::unique_lock<std::mutex>& lock,
                    const SpoolFolder& folder, SpoolStore& store) {
  if (!store.must_rewrite()) return;
  next_rewrite_ = steady_clock::now() + kBetweenRewrites;
  const Status status = store.rewrite();
  if (!status.ok()) note_problem(status.message());
  sync(lock, folder, store);
}

// Reading.

bool Spool::read(std::size_t most_rows, std::size_t most_bytes) noexcept {
  std::unique_lock lock(mutex_);
  if (leaves_) return false;  // it may be another's by now
  bool found = false;
  const Status status = guarded([&] {
    found = read_any(most_rows, most_bytes) == SpoolStore::Read::some;
    return Status();
  });
  if (!status.ok()) found = false;
  if (found && is_idle_) {
    is_idle_ = false;
    wake_.notify_one();
  }
  note_sizes();
  report_problems(lock);
  return found;
}

SpoolStore::Read Spool::read_any(std::size_t most_rows,
                                 std::size_t most_bytes) {
  const SpoolStore::Read inherited = read_inherited(most_rows, most_bytes);
  batch_is_inherited_ = inherited == SpoolStore::Read::some;
  if (inherited != SpoolStore::Read::none) return inherited;
  is_behind_.store(false, std::memory_order_release);
  batch_queue_ = folder_.queue();
  std::string problem;
  const SpoolStore::Read result =
      store_->read(most_rows, most_bytes, &batch_, &problem);
  if (!problem.empty()) {
    if (result != SpoolStore::Read::not_now) has_lost_ = true;
    note_problem(problem);
  }
  if (result == SpoolStore::Read::none) queue_->settle(store_->position());
  return result;
}

SpoolStore::Read Spool::read_inherited(std::size_t most_rows,
                                       std::size_t most_bytes) {
  using Read = SpoolStore::Read;
  while (!is_stopped_) {
    inherit();
    if (inherited_.empty()) break;
    Inherited& first = *inherited_.front();
    std::string problem;
    Read result = Read::not_now;
    const Status status = guarded([&] {
      result = first.store->read(most_rows, most_bytes, &batch_, &problem);
      return Status();
    });
    if (!status.ok())
      problem = first.folder.path() + ": " + std::string(status.message());
    if (!problem.empty()) note_problem(problem);
    if (result == Read::some) {
      first.failing_since = {};
      batch_queue_ = first.folder.queue();
      return result;
    }
    if (result == Read::not_now) {
      const steady_clock::time_point now = steady_clock::now();
      if (first.failing_since == steady_clock::time_point()) {
        first.failing_since = now;
      }
      if (now - first.failing_since < kLongestFailing) return result;
    }
    const NoFork no_child_has_the_lock;
    if (result == Read::none) {
      first.folder.remove();
    } else {
      first.folder.close();  // it stays for the next process
    }
    inherited_.pop_front();
  }
  return Read::none;
}

void Spool::look_for_left(steady_clock::time_point now) {
  const bool is_first = next_search_ == steady_clock::time_point();
  next_search_ = now + kBetweenSearches;
  left_ = folder_.list(owner_.sink);
  std::reverse(left_.begin(), left_.end());
  if (!is_first || settings_.replayed.empty()) return;
  if (auto found = take_over(settings_.replayed, true)) {
    inherited_.push_back(std::move(found));
  }
}

// Takes over what others have left, a few at a time.
void Spool::inherit() {
  const steady_clock::time_point now = steady_clock::now();
  const bool must_look =
      inherited_.empty() && left_.empty() && now >= next_search_;
  if (inherited_.size() == kMostInherited || (left_.empty() && !must_look)) {
    return;
  }
  const NoFork no_child_has_the_locks;
  if (must_look) look_for_left(now);
  while (inherited_.size() < kMostInherited && !left_.empty()) {
    const QueueId queue = left_.back();
    left_.pop_back();
    if (queue == folder_.queue()) continue;
    auto found = take_over(folder_.path_of(owner_.sink, queue), false);
    if (found != nullptr) inherited_.push_back(std::move(found));
  }
}

// Null if it is not to be delivered, or not now. What is `replayed` may be
// anybody's, or a copy.
Spool::InheritedPtr Spool::take_over(const std::string& path,
                                     bool is_replayed) {
  auto found = std::make_shared<Inherited>(is_replayed ? settings_.ring_dir
                                                       : std::string());
  SpoolFolder& folder = found->folder;
  SpoolOwner any;
  switch (is_replayed ? folder.take_over_any(path, &any)
                      : folder.take_over(owner_, path)) {
    case SpoolFolder::Taken::yes:
      break;
    case SpoolFolder::Taken::no:
      return nullptr;
    case SpoolFolder::Taken::newer:
      note_problem("a later version of the library has left " + path +
                   ", which is not delivered");
      return nullptr;
    case SpoolFolder::Taken::damaged:
      note_problem("the lock of " + path +
                   " is damaged, so that nobody knows whose it is; it is not "
                   "delivered: `stogger spool replay` does that");
      return nullptr;
  }
  Ring* ring = nullptr;
  switch (found->file.open(folder.ring_folder(), folder.ring_name(),
                           folder.queue())) {
    case RingFile::Found::copy:
      if (!is_replayed) {
        note_problem(path +
                     " is a copy, and is not delivered; `stogger spool "
                     "replay` does that");
        return nullptr;
      }
      [[fallthrough]];
    case RingFile::Found::ring:
      if (found->ring.take_over(found->file.memory())) ring = &found->ring;
      break;
    case RingFile::Found::before_boot:
    case RingFile::Found::no_ring:
      break;
    case RingFile::Found::not_now:
      note_problem("the ring of " + path + " cannot be read now");
      return nullptr;
  }
  found->store = std::make_unique<SpoolStore>(folder, found->file, ring);
  const Status status = found->store->find_left();
  if (status.ok()) return found;
  note_problem(status.message());
  return nullptr;
}

void Spool::acknowledge(std::uint64_t position, std::uint64_t count) noexcept {
  const std::lock_guard lock(mutex_);
  SpoolStore& store =
      batch_is_inherited_ ? *inherited_.front()->store : *store_;
  // Without memory, files that are not needed any more are removed later.
  static_cast<void>(guarded([&] {
    store.acknowledge(position, count);
    return Status();
  }));
  if (!batch_is_inherited_) queue_->settle(position);
  note_sizes();
}

bool Spool::is_nearly_full() noexcept {
  const std::lock_guard lock(mutex_);
  if (is_failing_ && queue_->used() > capacity_ / 4 * 3) return true;
  return segment_bytes() > settings_.most_bytes / 4 * 3;
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
  {
    const NoFork no_child_has_the_locks;
    inherited_.clear();
  }
  batch_is_inherited_ = false;
  if (store_ != nullptr) {
    static_cast<void>(guarded([&] {
      // Whatever the limit: this is all that there will be.
      const Status status = store_->spill(UINT64_MAX);
      if (!status.ok()) note_problem(status.message());
      sync(lock, folder_, *store_);
      rewrite(lock, folder_, *store_);
      return Status();
    }));
    leaves_ = !store_->is_done();
  }
  {
    const NoFork no_child_has_the_lock;
    if (leaves_) {
      folder_.close();
    } else {
      folder_.remove();
    }
  }
  spooled_ = spooled_bytes_ = 0;  // others count it from here on
  report_problems(lock);
  return leaves_;
}

void Spool::abandon() noexcept {
  folder_.close();
  if (store_ != nullptr) store_->close_files();
  for (const auto& one : inherited_) {
    one->folder.close();
    one->store->close_files();
  }
}

// What is said and counted.

std::uint64_t Spool::segment_bytes() const noexcept {
  std::uint64_t bytes = store_->segment_bytes();
  for (const auto& one : inherited_) bytes += one->store->segment_bytes();
  return bytes;
}

void Spool::note_sizes() noexcept {
  if (is_stopped_) return;
  spooled_.store(store_->spooled(), std::memory_order_relaxed);
  spooled_bytes_.store(segment_bytes(), std::memory_order_relaxed);
}

void Spool::add_to(SinkStats* stats) const noexcept {
  stats->spooled += spooled_.load(std::memory_order_relaxed);
  stats->spooled_bytes += spooled_bytes_.load(std::memory_order_relaxed);
}

// Names the sink alone: its target may be changing.
void Spool::note_problem(std::string_view what) noexcept {
  std::uint64_t left_out = 0;
  if (!limit_.pass(now_milliseconds() * 1000000, &left_out)) return;
  try {
    problems_.push_back("sink '" + title_.name + "' (" + title_.type +
                        "): its queue on disk: " + std::string(what));
  } catch (...) {
    // No memory for it.
  }
}

// The functions that get them may call the library.
void Spool::report_problems(std::unique_lock<std::mutex>& lock) noexcept {
  if (problems_.empty()) return;
  const std::vector<std::string> problems = std::exchange(problems_, {});
  lock.unlock();
  for (const std::string& problem : problems) report(problem);
  lock.lock();
}

}  // namespace stogger
