#include "sample/live_sink.h"

#include <mutex>
#include <utility>

#include "os/process.h"
#include "sample/pipe_registry.h"

namespace stogger {

// All sinks there are. It is there before any code runs, and never destroyed.
class LiveSinks {
 public:
  void add(LiveSink* sink) noexcept {
    const std::lock_guard lock(mutex_);
    sink->next_ = first_;
    if (first_ != nullptr) first_->previous_ = sink;
    first_ = sink;
  }

  void remove(LiveSink* sink) noexcept {
    const std::lock_guard lock(mutex_);
    if (sink->next_ != nullptr) sink->next_->previous_ = sink->previous_;
    (sink->previous_ == nullptr ? first_ : sink->previous_->next_) =
        sink->next_;
  }

  void before_fork() noexcept { mutex_.lock(); }
  void after_fork_in_parent() noexcept { mutex_.unlock(); }
  void after_fork_in_child() noexcept {
    for (LiveSink* sink = first_; sink != nullptr; sink = sink->next_) {
      sink->abandon();
    }
    mutex_.unlock();
  }

 private:
  std::mutex mutex_;
  LiveSink* first_ = nullptr;
};

namespace {

constinit LiveSinks sinks;

[[maybe_unused]] const bool registered = handle_fork(
    ForkPart::sample_sinks, {[]() noexcept { sinks.before_fork(); },
                             []() noexcept { sinks.after_fork_in_parent(); },
                             []() noexcept { sinks.after_fork_in_child(); }});

Status inherited() {
  return Status(
      Code::invalid,
      "the sink belongs to the parent of this process: make one after "
      "fork()");
}

}  // namespace

class LiveSink::Busy {
 public:
  explicit Busy(LiveSink& sink) noexcept : is_busy_(sink.is_busy_) {
    is_busy_.store(true);
  }
  ~Busy() { is_busy_.store(false); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic<bool>& is_busy_;
};

LiveSink::LiveSink(SinkPtr sink) noexcept : sink_(std::move(sink)) {
  sinks.add(this);
}

LiveSink::~LiveSink() {
  finish_pipes_to(*this);
  sinks.remove(this);
  if (is_torn_) static_cast<void>(sink_.release());
}

Status LiveSink::open() {
  if (is_torn_) return inherited();
  const Busy busy(*this);
  is_abandoned_ = false;
  return sink_->open();
}

Status LiveSink::write(const RowBatch& rows, WriteReport& report) {
  if (is_abandoned_) return inherited();
  const Busy busy(*this);
  return sink_->write(rows, report);
}

Status LiveSink::flush() {
  if (is_abandoned_) return inherited();
  const Busy busy(*this);
  return sink_->flush();
}

Status LiveSink::close() {
  if (is_abandoned_) return {};
  const Busy busy(*this);
  return sink_->close();
}

// A pipe that writes to it calls this as well.
void LiveSink::abandon() noexcept {
  if (is_abandoned_) return;
  is_abandoned_ = true;
  is_torn_ = is_busy_.load();
  if (!is_torn_) sink_->abandon();
}

}  // namespace stogger
