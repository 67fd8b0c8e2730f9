#include "sample/pipe.h"

#include <utility>

#include "base/guarded.h"
#include "os/diagnostics.h"
#include "sample/batch_pipe.h"
#include "sample/pipe_options.h"
#include "sample/queued_pipe.h"

namespace stogger {
namespace {

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

std::unique_ptr<LivePipe> LivePipe::make(Sink& sink,
                                         const PipeOptions& options) {
  DeliverySettings delivery;
  Status status = read_pipe_options(options, &delivery);
  if (status.ok() && delivery.delivery != Delivery::sync) {
    auto queued = std::make_unique<QueuedPipe>(sink, options, delivery);
    status = queued->start();
    if (status.ok()) return queued;
  }
  auto pipe = std::make_unique<BatchPipe>(sink, options, status);
  pipe->start();
  return pipe;
}

void LivePipe::enlist() {
  // Once there is a pipe: its sink was there before, so that it is also there
  // when this comes.
  static const bool at_exit = [] {
    handle_exit(ExitPart::pipes, []() noexcept { finish_pipes(nullptr); });
    return true;
  }();
  static_cast<void>(at_exit);
  process_objects(ProcessPart::pipes).add(*this);
}

void LivePipe::leave() noexcept {
  process_objects(ProcessPart::pipes).remove(*this);
}

std::string LivePipe::name() const {
  const std::string_view target = sink_.target();
  return target.empty() ? "the sink" : "the sink " + std::string(target);
}

// Without memory for more, as it is.
Status LivePipe::named(const Status& status) const {
  try {
    return Status(status.code(), name() + ": " + std::string(status.message()));
  } catch (...) {
    return status;
  }
}

void LivePipe::finish_unasked() noexcept {
  if (is_inherited()) return;
  const bool is_known = has_returned_failure_.load();
  const Status status = guarded([this] { return finish(nullptr); });
  if (!is_known && !status.ok()) report(status.message());
}

void finish_pipes_to(const Sink& sink) noexcept { finish_pipes(&sink); }

// The handle.

namespace {

// What is to be done with a pipe, unless there is none, or it is the parent's.
template <class Call>
Status call_pipe(LivePipe* pipe, Call call) noexcept {
  return guarded([&] {
    if (pipe == nullptr) {
      return Status(Code::unavailable, "pipe: there was no memory for it");
    }
    if (pipe->is_inherited()) {
      return Status(Code::invalid,
                    "the pipe belongs to the parent of this process: make a "
                    "sink and a pipe after fork()");
    }
    return call(*pipe);
  });
}

}  // namespace

Pipe::Pipe(Sink& sink, PipeOptions options) noexcept : live_(nullptr) {
  try {
    live_ = LivePipe::make(sink, options).release();
  } catch (...) {
    // Every call tells.
  }
}

Pipe::~Pipe() {
  if (live_ == nullptr || live_->is_inherited()) return;
  live_->finish_unasked();
  delete live_;
}

Status Pipe::push(const Sample& sample) noexcept {
  return call_pipe(live_, [&](LivePipe& pipe) { return pipe.push(sample); });
}

Status Pipe::flush() noexcept {
  return call_pipe(live_, [](LivePipe& pipe) { return pipe.flush(); });
}

Status Pipe::finish(PipeSummary* summary) noexcept {
  return call_pipe(live_, [&](LivePipe& pipe) { return pipe.finish(summary); });
}

PipeSummary Pipe::summary() const noexcept {
  if (live_ == nullptr || live_->is_inherited()) return {};
  try {
    return live_->summary();
  } catch (...) {
    return {};
  }
}

}  // namespace stogger
