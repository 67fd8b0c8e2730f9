#include "sinks/file/compressor.h"

#include <linux/ioprio.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/real_time.h"
#include "os/signals.h"

namespace stogger {
namespace {

struct Entry {
  std::shared_ptr<CompressionJob> job;
  Time due{};
  bool is_requested = true;  // since its last step began
};

// Of this thread, as Linux has it: for processor and disk.
void lower_priority() noexcept {
  constexpr int kNicest = 19;
  static_cast<void>(::setpriority(
      PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNicest));
  static_cast<void>(::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
                              IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
}

}  // namespace

struct Compressor::State {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex.
  std::vector<Entry> entries;
  bool is_running = false;  // there is a thread
  // In a child: that of the parent, whose thread may be in the middle of
  // anything. It is neither used nor destroyed.
  State* of_parent = nullptr;
};

Compressor& Compressor::instance() {
  static auto* const compressor = new Compressor;
  return *compressor;
}

Compressor::Compressor() : state_(new State) {
  process_objects(ProcessPart::compression).add(*this);
}

void Compressor::request(const std::shared_ptr<CompressionJob>& job) noexcept {
  try {
    const AllSignalsBlocked no_signals;
    const std::lock_guard lock(state_->mutex);
    auto& entries = state_->entries;
    const auto known =
        std::find_if(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.job == job; });
    if (known == entries.end()) {
      entries.push_back({job});
    } else {
      known->is_requested = true;
      known->due = {};
    }
    state_->changed.notify_all();
    if (state_->is_running) return;
    std::thread([state = state_] { run(*state); }).detach();
    state_->is_running = true;
  } catch (...) {
    // The next request, or the next start, does it.
  }
}

void Compressor::run(State& state) noexcept {
  ::pthread_setname_np(::pthread_self(), "stogger-old");
  std::unique_lock lock(state.mutex);
  while (!state.entries.empty()) {
    Entry& next = *std::min_element(
        state.entries.begin(), state.entries.end(),
        [](const Entry& a, const Entry& b) { return a.due < b.due; });
    const Time now = real_time();
    if (now < next.due) {
      // A second at most: clocks may be set.
      const auto wait = std::min<std::chrono::nanoseconds>(
          std::chrono::seconds(1),
          std::chrono::nanoseconds(next.due.ns - now.ns));
      state.changed.wait_for(lock, wait);
      continue;
    }
    next.is_requested = false;
    const std::shared_ptr<CompressionJob> job = next.job;
    lock.unlock();
    Time due;
    const CompressionJob::Next then = step(*job, now, &due);
    lock.lock();
    const auto entry =
        std::find_if(state.entries.begin(), state.entries.end(),
                     [&](const Entry& one) { return one.job == job; });
    if (entry->is_requested || then == CompressionJob::Next::now) {
      entry->due = {};
    } else if (then == CompressionJob::Next::later) {
      entry->due = due;
    } else {
      state.entries.erase(entry);
    }
  }
  state.is_running = false;
}

CompressionJob::Next Compressor::step(CompressionJob& job, Time now,
                                      Time* when) noexcept {
  if (!job.is_compressing()) return job.step(now, when);
  auto next = CompressionJob::Next::now;
  try {
    std::thread([&] {
      ::pthread_setname_np(::pthread_self(), "stogger-pack");
      lower_priority();
      while (next == CompressionJob::Next::now && job.is_compressing()) {
        next = job.step(now, when);
      }
    }).join();
  } catch (...) {
    constexpr std::int64_t kRetry = 1000000000;  // no thread can be had now
    *when = {now.ns + kRetry};
    next = CompressionJob::Next::later;
  }
  return next;
}

void Compressor::before_fork() noexcept { state_->mutex.lock(); }

void Compressor::after_fork_in_parent() noexcept { state_->mutex.unlock(); }

bool Compressor::after_fork_in_child() noexcept {
  State* const of_parent = state_;
  for (const Entry& entry : of_parent->entries) entry.job->leave_to_parent();
  try {
    state_ = new State;
    state_->of_parent = of_parent;
  } catch (...) {
    // Without memory nothing is ever done.
    of_parent->is_running = true;
  }
  of_parent->mutex.unlock();
  return true;
}

}  // namespace stogger
