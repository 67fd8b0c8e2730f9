#include "sample/queued_pipe.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include "base/quote.h"
#include "deliver/inside_sink.h"
#include "deliver/spool.h"
#include "sample/sample_record.h"
#include "sample/sample_rows.h"
#include "sample/sample_sink.h"
#include "sample/settle.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLeftLook(5);

// As in "1 sample is" and "2 samples are".
std::string count_of(std::uint64_t samples, std::string_view singular,
                     std::string_view plural) {
  return std::to_string(samples)
      .append(samples == 1 ? " sample " : " samples ")
      .append(samples == 1 ? singular : plural);
}

SinkTitle title_of(const Sink& sink, std::string_view name) {
  const auto* const made = dynamic_cast<const SampleSink*>(&sink);
  return {std::string(name.empty() ? "samples" : name),
          made == nullptr ? "custom" : made->type(),
          {},
          "sample"};
}

// The target as another process would name it, whatever its working folder is;
// empty if it cannot be told from others.
std::string target_of(const Sink& sink, const SampleSink* made) {
  // It becomes a line of a file that is read up to a few KiB.
  constexpr std::size_t kLongest = 2000;
  constexpr std::string_view kFiles[] = {"csv", "file", "jsonl", "parquet",
                                         "sqlite"};
  std::string target(sink.target());
  const bool is_file =
      made != nullptr && std::find(std::begin(kFiles), std::end(kFiles),
                                   made->type()) != std::end(kFiles);
  if (is_file) target = std::filesystem::absolute(target).string();
  if (made != nullptr && !made->table().empty()) {
    target.append(" ").append(made->table());
  }
  return target.size() > kLongest ? std::string() : printable(target);
}

// Another process gets what is left for the same type of sink; and for the same
// target, unless the pipe has a name. What is of events is never of samples.
std::string owner_type(const Sink& sink, std::string_view name) {
  const auto* const made = dynamic_cast<const SampleSink*>(&sink);
  std::string text = "samples " + title_of(sink, name).type;
  return name.empty() ? text + " " + target_of(sink, made) : text;
}

DeliverySettings with_owner(DeliverySettings delivery, std::string type) {
  delivery.spool.owner_type = std::move(type);
  return delivery;
}

Status pipe_finished() { return Status(Code::invalid, "the pipe is finished"); }

}  // namespace

QueuedPipe::QueuedPipe(Sink& sink, const PipeOptions& options,
                       const DeliverySettings& delivery)
    : LivePipe(sink),
      clock_(options.clock == nullptr ? Clock::real() : options.clock),
      delivery_(with_owner(delivery, owner_type(sink, options.name))),
      follows_devices_(options.period_s > 0),
      ticker_(
          [](void* self) noexcept {
            const InsideSink guard;
            static_cast<QueuedPipe*>(self)->outlet_.tick();
          },
          this),
      outlet_(title_of(sink, options.name), sink, clock_, &ticker_,
              options.on_failure),
      schedule_(options.period_s),
      started_at_(clock_->now()) {}

QueuedPipe::~QueuedPipe() {
  leave();
  ticker_.stop();
}

Status QueuedPipe::start() {
  std::unique_ptr<Spool> spool;
  if (delivery_.delivery == Delivery::durable) {
    if (delivery_.spool.owner_type.ends_with(' ')) {
      return Status(Code::invalid,
                    "pipe: a queue on disk for this sink needs a name: its "
                    "target() does not tell it from others");
    }
    Status made = Spool::make(delivery_, outlet_.title(), &spool);
    if (!made.ok()) {
      return Status(made.code(), "pipe: cannot have a queue on disk: " +
                                     std::string(made.message()));
    }
  }
  worker_ = std::make_unique<Worker>(
      outlet_, delivery_,
      std::make_unique<SampleRows>(delivery_.batch_bytes, *clock_),
      std::move(spool));
  const Status started = worker_->start();
  if (!started.ok()) {
    return Status(started.code(), "pipe: cannot start a thread: " +
                                      std::string(started.message()));
  }
  static_cast<void>(outlet_.open());  // the sink may hold rows back
  enlist();
  return {};
}

void QueuedPipe::note(const Sample& sample) {
  if (!follows_devices_) return;
  const std::lock_guard lock(schedule_mutex_);
  schedule_.note(sample.device, sample.requested_at);
}

Status QueuedPipe::push(const Sample& given) {
  if (is_ended_) {
    return outlet_.has_ended() ? returned(result_) : pipe_finished();
  }
  if (outlet_.has_ended()) return returned(named(outlet_.failure()));
  if (is_ending_.load(std::memory_order_relaxed)) return pipe_finished();
  const SettledSample settled(given);
  if (!worker_->push(settled.get())) return pipe_finished();
  // It may have come too late for anybody to see to it.
  if (is_ended_) return pipe_finished();
  note(settled.get());
  return {};
}

Status QueuedPipe::flush() {
  if (is_ended_) return returned(result_);
  const auto until = steady_clock::now() + delivery_.longest_drain;
  const bool is_settled = worker_->wait(until, true);
  Status status;
  if (is_settled) status = outlet_.flush();
  if (outlet_.has_ended()) return returned(named(outlet_.failure()));
  if (is_settled) return returned(std::move(status));
  return returned(Status(Code::unavailable,
                         name() + ": " +
                             count_of(summary().samples_pending, "is", "are") +
                             " not with it yet"));
}

Status QueuedPipe::finish(PipeSummary* summary) {
  const std::lock_guard lock(end_mutex_);
  if (!is_ended_) end();
  if (summary != nullptr) *summary = this->summary();
  return returned(result_);
}

// What other processes have left comes before all that was pushed.
void QueuedPipe::wait_for_left(Worker::TimePoint until) const noexcept {
  while (worker_->is_behind() && !outlet_.is_failing() &&
         steady_clock::now() < until) {
    std::this_thread::sleep_for(kLeftLook);
  }
}

void QueuedPipe::end() {
  const auto start = steady_clock::now();
  is_ending_ = true;
  wait_for_left(start + delivery_.longest_drain);
  worker_->stop(start);
  ticker_.stop();
  const Status flushed = outlet_.flush();
  outlet_.let_go();
  finished_at_ = clock_->now();
  result_ = result(flushed);
  is_ended_ = true;
}

Status QueuedPipe::result(const Status& flushed) const {
  const std::string left = rest();
  if (outlet_.has_ended()) {
    const Status& why = outlet_.failure();
    const std::string text(why.message());
    return named(Status(why.code(), left.empty() ? text : text + "; " + left));
  }
  if (left.empty()) return flushed;
  const std::string why =
      outlet_.is_failing() ? "it is out of order; " : "the time is up; ";
  return named(Status(Code::unavailable, why + left));
}

// What is left of the samples; empty if all were handed over.
std::string QueuedPipe::rest() const {
  if (const std::uint64_t left = worker_->left(); left != 0) {
    return count_of(left, "stays", "stay") +
           " in the queue on disk, for the next pipe";
  }
  const std::uint64_t given_up = worker_->given_up();
  return given_up == 0 ? std::string()
                       : count_of(given_up, "is", "are") + " lost";
}

PipeSummary QueuedPipe::summary() const {
  const bool is_ended = is_ended_;
  SinkStats stats;
  worker_->add_to(&stats, outlet_.counters().add_to(&stats));
  PipeSummary summary;
  summary.started_at = started_at_;
  summary.finished_at = is_ended ? finished_at_ : clock_->now();
  summary.samples_emitted = stats.written;
  summary.samples_dropped =
      std::min(worker_->dropped_for_room(), stats.dropped);
  summary.samples_lost =
      stats.dropped - summary.samples_dropped + stats.in_doubt;
  summary.samples_pending = stats.pending + worker_->left();
  if (is_ended && delivery_.delivery == Delivery::async) {
    // What the sink itself holds back, and failed to hand over.
    summary.samples_lost += std::exchange(summary.samples_pending, 0);
  }
  const std::lock_guard lock(schedule_mutex_);
  summary.samples_late = schedule_.late();
  summary.max_drift_ms = schedule_.max_drift_ms();
  return summary;
}

// Fork.

void QueuedPipe::before_fork() noexcept { outlet_.before_fork(kForkWait); }

void QueuedPipe::after_fork_in_parent() noexcept {
  outlet_.after_fork_in_parent();
}

// It is leaked there, and its sink may go.
bool QueuedPipe::after_fork_in_child() noexcept {
  set_inherited();
  outlet_.after_fork_in_child();
  worker_->abandon();
  return false;
}

}  // namespace stogger
