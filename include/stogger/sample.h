// Samples: what instruments, sensors and jobs measure, many times a second, as
// rows of a table.
//
//   stogger::SinkPtr sink;
//   stogger::Status s = stogger::make_sample_sink(
//       "sqlite", {{"path", "run.db"}}, &sink);
//   stogger::Pipe pipe(*sink);
//   pipe.push({.device = "mfc1", .requested_at = t0, .received_at = t1,
//              .fields = {{"pressure", 14.7}, {"flow", 101.3}}});
//   s = pipe.finish();
//   s = sink->close();
//
// No function here throws. Each Status says what failed, where, what to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stogger/clock.h"
#include "stogger/delivery.h"
#include "stogger/export.h"
#include "stogger/sink.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

// One reading of one device. All views have to live until the call that takes
// the sample returns.
struct Sample {
  std::string_view device = {};   // the name the program has for it
  std::string_view unit_id = {};  // its address on the bus, if it has one
  Time requested_at = {};
  Time received_at = {};
  Fields fields = {};            // what was measured
  std::string_view status = {};  // codes of the device, "" if there is none
};

// The columns that every sample has.
inline constexpr std::size_t kSampleColumns = 7;

// Writes the row of a sample: device, unit_id, requested_at, received_at,
// midpoint_at (half-way between these two), latency_s (from one to the other),
// the fields in their order, status. `row` needs room for kSampleColumns and
// all fields. Returns how many there are.
//
// The sample's own columns win: fields by one of these seven names, whatever
// the case of its letters, are left out. Of fields with the same name the last
// value counts. A field without a name is called "_".
STOGGER_API std::size_t flatten(const Sample& sample, Field* row) noexcept;

struct PipeOptions {
  // Samples are written as soon as there are that many. At least 1.
  std::size_t batch_size = 64;
  // None waits for longer than that, whether or not others follow. Above 0.
  double flush_interval_s = 1.0;
  // What may wait in memory, at most, unless there is a queue: samples, and the
  // bytes all of it takes, more or less; each batch costs a few thousand,
  // whatever is in it. A sample that is larger is accepted when the pipe is
  // empty. A batch whose rows cannot be widened for the columns of the next
  // sample within this room is written without it, though it is not full.
  std::size_t max_pending = 65536;
  std::size_t max_pending_bytes = std::size_t{64} << 20;
  // How samples get to the sink: see docs/delivery.md. With `sync` they wait in
  // the memory of batches. Else they wait in a queue, which is in memory, or a
  // file, of which a kill of the process takes nothing. A spool_dir makes it
  // durable.
  Delivery delivery = Delivery::sync;
  std::size_t queue_bytes = std::size_t{8} << 20;
  // `block` makes push() wait until there is room; in a queue for block_ms at
  // most, after which the sample is dropped and counted. Only a queue can
  // drop_oldest.
  WhenFull when_full = WhenFull::block;
  std::int64_t block_ms = 250;
  // Of a durable pipe. Views have to live until it is made. By default
  // spool_dir is $STATE_DIRECTORY/stogger, which systemd sets.
  std::string_view spool_dir = {};
  std::string_view ring_dir = {};
  std::uint64_t spool_bytes = std::uint64_t{1} << 30;
  SpoolSync spool_sync = SpoolSync::interval;
  std::int64_t spool_sync_ms = 200;
  // How long finish() and flush() wait for what is queued.
  std::int64_t drain_ms = 5000;
  // Of a pipe with a queue.
  OnFailure on_failure = OnFailure::stop;
  // What a durable pipe leaves on the disk is delivered by the next one of the
  // same program with the same name, spool_dir, and type of sink. Without a
  // name, the target has to be the same, too.
  std::string_view name = {};
  // How often each device is meant to be read; 0 if that is not known. Only
  // samples_late and max_drift_ms of the summary depend on it.
  double period_s = 0;
  Clock* clock = nullptr;  // null: Clock::real()
};

struct PipeSummary {
  Time started_at;   // when the pipe was made
  Time finished_at;  // when finish() was done, or the sink failed
  // Handed to the sink, whose write() has returned. Once it has failed, and of
  // a pipe with a queue: with its target, as far as it counts that itself (see
  // Sink::tally). What earlier pipes have left on the disk counts, too.
  std::uint64_t samples_emitted = 0;
  // With period_s, a device is due one period after it was due before,
  // beginning with its first sample. The drift is how far requested_at is from
  // that. A sample that is at least one period late counts as late, and the
  // next one is due at the first turn after it. Samples that are dropped
  // count, too. The first 10,000 devices are followed. Both are 0 without
  // period_s.
  std::uint64_t samples_late = 0;
  double max_drift_ms = 0;
  std::uint64_t samples_dropped = 0;  // there was no room for them
  // In the pipe when the sink failed, or held back by the sink itself: what is
  // still in its buffer may be written yet when it is closed.
  std::uint64_t samples_lost = 0;
  // Of a pipe with a queue: those that are there, or that the sink holds back.
  // Once it has ended: those that stay on the disk, for the next pipe.
  std::uint64_t samples_pending = 0;
};

class LivePipe;

// Takes samples from any number of threads and writes them to a sink from one
// thread of its own, in batches, in the order of push().
//
// A failure of the sink ends the pipe: every batch before the one that failed
// is written, nothing after it is, and each call from then on returns that
// Status. So does the first row that the sink refuses, with Code::rejected and
// the reason, or does not know to be stored. With a notice of the sink, such as
// of what it left out of rows, the pipe continues; it hands the text to
// set_diagnostics().
//
// With on_failure = retry, which needs a queue, a failure is reported, and
// samples wait until the target works again; rows that it refuses are reported
// and lost. What a queue still has when drain_ms are over is lost, or stays on
// the disk if the pipe is durable, as the Status of finish() says.
//
// At normal exit of the program, what is still in pipes is written. That comes
// before the end of static objects that were there before the first pipe of the
// program was: a static sink of your own has to be one of those. Sinks that
// make_sample_sink() made may go at any time then.
//
// In a child after fork(), a pipe is of no use: every call fails, and the sink
// has been made to abandon() what belongs to the parent.
class STOGGER_API Pipe {
 public:
  // The sink has to be open. Do not use or destroy it until finish() has
  // returned. With options out of range every call fails, with
  // Code::invalid and the reason.
  explicit Pipe(Sink& sink, PipeOptions options = {}) noexcept;
  ~Pipe();  // finishes; a failure nobody has seen goes to set_diagnostics()
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  // Takes a copy of the sample. Ok does not mean that it is written yet. A
  // sample that is dropped because it is full is no failure. Callable from any
  // thread.
  Status push(const Sample& sample) noexcept;

  // Writes what has been pushed so far, without waiting for a full batch or the
  // interval, and flushes the sink.
  Status flush() noexcept;

  // Writes all that is left, flushes the sink, and ends the pipe; does not
  // close the sink. Later calls return the same. push() fails from then on.
  Status finish(PipeSummary* summary = nullptr) noexcept;

  // What has been so far; finished_at is now, unless it has ended. Callable
  // from any thread.
  PipeSummary summary() const noexcept;

 private:
  LivePipe* live_;
};

// Drains a range of samples (anything `for` takes) into a sink: makes a pipe,
// pushes each, and finishes. Ends early if the sink fails. An exception that
// the range itself throws gets through, after what came before is written.
template <class Range>
Status pipe(Range&& range, Sink& sink, PipeOptions options = {},
            PipeSummary* summary = nullptr) {
  Pipe to(sink, options);
  for (auto&& sample : range) {
    if (!to.push(sample).ok()) break;
  }
  return to.finish(summary);
}

// Makes a sink that takes samples, and opens it. The types and options are
// those of configuration files, modules included; docs/samples.md says what
// differs for samples, above all defaults.
//
// Its columns() are those of its target, which do not change once they are
// there, unless on_new_column is "roll": from open() on where a table exists,
// else from the first batch on. JSON lines and memory have none.
//
// Such a sink finishes the pipes that still write to it before it goes. In a
// child after fork(), with or without a pipe, it has been made to abandon()
// what belongs to the parent: it may be destroyed, or opened again. If another
// thread was in the middle of a call, only the former.
STOGGER_API Status make_sample_sink(std::string_view type, Fields options,
                                    SinkPtr* sink) noexcept;

}  // namespace stogger
