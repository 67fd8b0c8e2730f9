#include "sample/sample_sink.h"

#include <utility>

#include "sample/pipe.h"

namespace stogger {
namespace {

Status sink_inherited() {
  return Status(
      Code::invalid,
      "the sink belongs to the parent of this process: make one after "
      "fork()");
}

}  // namespace

class SampleSink::Busy {
 public:
  explicit Busy(SampleSink& sink) noexcept : is_busy_(sink.is_busy_) {
    is_busy_.store(true);
  }
  ~Busy() { is_busy_.store(false); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic<bool>& is_busy_;
};

SampleSink::SampleSink(SinkPtr sink, std::string type,
                       std::string table) noexcept
    : sink_(std::move(sink)), type_(std::move(type)), table_(std::move(table)) {
  process_objects(ProcessPart::sample_sinks).add(*this);
}

SampleSink::~SampleSink() {
  finish_pipes_to(*this);
  process_objects(ProcessPart::sample_sinks).remove(*this);
  if (is_torn_) static_cast<void>(sink_.release());
}

Status SampleSink::open() {
  if (is_torn_) return sink_inherited();
  const Busy busy(*this);
  is_abandoned_ = false;
  return sink_->open();
}

Status SampleSink::write(const RowBatch& rows, WriteReport& report) {
  if (is_abandoned_) return sink_inherited();
  const Busy busy(*this);
  return sink_->write(rows, report);
}

Status SampleSink::flush() {
  if (is_abandoned_) return sink_inherited();
  const Busy busy(*this);
  return sink_->flush();
}

Status SampleSink::tick(Time now, WriteReport& report) {
  if (is_abandoned_) return sink_inherited();
  const Busy busy(*this);
  return sink_->tick(now, report);
}

Status SampleSink::close() {
  if (is_abandoned_) return {};
  const Busy busy(*this);
  return sink_->close();
}

Status SampleSink::check(CheckFindings& findings) {
  if (is_torn_) return sink_inherited();
  const Busy busy(*this);
  return sink_->check(findings);
}

bool SampleSink::after_fork_in_child() noexcept {
  SampleSink::abandon();
  return true;
}

// A pipe that writes to it calls this as well.
void SampleSink::abandon() noexcept {
  if (is_abandoned_) return;
  is_abandoned_ = true;
  is_torn_ = is_busy_.load();
  if (!is_torn_) sink_->abandon();
}

}  // namespace stogger
