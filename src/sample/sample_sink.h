// SampleSink: around each sink that make_sample_sink() makes. In a child after
// fork() it lets go of what belongs to the parent, and whoever still writes to
// it is done before it goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "os/process.h"
#include "stogger/sink.h"

namespace stogger {

// In a child after fork(), open() has to come before any other call. A sink
// that was in the middle of a call when the process split is never touched
// there again.
class SampleSink final : public Sink, private ProcessObject {
 public:
  // `table` is where in its target it writes, if that has several.
  SampleSink(SinkPtr sink, std::string type, std::string table) noexcept;
  // Finishes the pipes that write to it.
  ~SampleSink() override;

  Status open() override;
  Status write(const RowBatch& rows, WriteReport& report) override;
  Status flush() override;
  Status tick(Time now, WriteReport& report) override;
  Status close() override;
  Status check(CheckFindings& findings) override;
  void abandon() noexcept override;
  bool recovered() const noexcept override {
    return !is_torn_ && sink_->recovered();
  }
  std::int64_t deadline_ns() const noexcept override {
    return is_torn_ ? Sink::deadline_ns() : sink_->deadline_ns();
  }
  RowForm form() const noexcept override {
    return is_torn_ ? Sink::form() : sink_->form();
  }
  RowBatch columns() const noexcept override {
    return is_torn_ ? Sink::columns() : sink_->columns();
  }
  bool tally(Tally* tally) const noexcept override {
    return is_torn_ || sink_->tally(tally);
  }
  std::string_view target() const noexcept override {
    return is_torn_ ? Sink::target() : sink_->target();
  }

  const std::string& type() const noexcept { return type_; }
  const std::string& table() const noexcept { return table_; }

  // Null if it must not be touched.
  const Sink* inner() const noexcept {
    return is_torn_ ? nullptr : sink_.get();
  }

 private:
  class Busy;

  bool after_fork_in_child() noexcept override;

  SinkPtr sink_;
  const std::string type_;
  const std::string table_;
  std::atomic<bool> is_busy_{false};  // in the middle of a call
  bool is_abandoned_ = false;         // and has not been opened since
  bool is_torn_ = false;              // abandoned in the middle of a call
};

}  // namespace stogger
