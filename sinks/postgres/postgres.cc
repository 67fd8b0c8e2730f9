// The postgres sink.
//
// Options: see read_postgres_settings() in settings.h.
// Safe after write(): the rows are committed, as far as synchronous_commit
// goes. There is no buffer: flush() has nothing to do. close() ends the
// session.
#include "sinks/postgres/postgres.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "sinks/postgres/connector.h"
#include "sinks/postgres/row_writer.h"
#include "sinks/postgres/settings.h"

namespace stogger {
namespace {

// What a process got from its parent by fork(), and never destroys: locks may
// be held by a thread that does not exist here, and the server would be sent
// something. Kept where tools that look for leaks find it.
struct Abandoned {
  std::shared_ptr<Connector> connector{};
  const RowWriter* writer = nullptr;
  const Abandoned* next = nullptr;
};
const Abandoned* abandoned = nullptr;

class PostgresSink final : public Sink {
 public:
  explicit PostgresSink(PostgresSettings settings)
      : settings_(std::move(settings)) {}
  ~PostgresSink() override { stop(); }

  // The first time, the connection is waited for: the first events of every
  // program would be lost otherwise. In a child, and after close(), an event
  // waits for it no longer than for anything else. Otherwise nothing does.
  Status open() override {
    if (!settings_.unusable.ok()) return settings_.unusable;
    Deadline deadline = std::chrono::steady_clock::now();
    if (connector_ == nullptr) {
      if (Status status = start(); !status.ok()) return status;
      const bool is_first = !std::exchange(has_waited_, true);
      deadline += is_first ? settings_.start_wait : settings_.open_wait;
    }
    return note(writer_->connect(deadline, Connector::Wait::one_attempt));
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    if (writer_ == nullptr || !writer_->is_connected()) {
      return Status(Code::unavailable,
                    "not open: open() was not called or failed");
    }
    if (rows.row_count == 0) return {};
    return note(writer_->write(rows, report, &written_));
  }

  // Through a connection of its own, which changes nothing: see proof.h.
  Status check(CheckFindings& findings) override {
    if (!settings_.unusable.ok()) return settings_.unusable;
    PostgresSettings settings = settings_;
    settings.proves_only = true;
    auto connector = std::make_shared<Connector>(std::move(settings));
    if (Status status = connector->start(); !status.ok()) return status;
    // Each address has its time, and so have the few questions: the attempt
    // ends by itself, with the reason.
    constexpr std::chrono::hours kLongest(1);
    Status status;
    const std::unique_ptr<Session> session =
        connector->take(std::chrono::steady_clock::now() + kLongest,
                        Connector::Wait::one_attempt, &status);
    connector->stop();
    if (session == nullptr) return status;
    const auto hidden = [&](const std::string& text) {
      return hide_secrets(settings_, text);
    };
    for (const std::string& text : session->proof.would_change) {
      findings.would_change(hidden(text));
    }
    for (const std::string& text : session->proof.unwise) {
      findings.warn(hidden(text));
    }
    return {};
  }

  // After a failure the connector goes on trying, for open() will follow.
  Status close() override {
    if (!std::exchange(failed_, false)) stop();
    return {};
  }

  void abandon() noexcept override {
    if (connector_ == nullptr) return;
    writer_->abandon();
    connector_->abandon();
    place_->connector = std::move(connector_);
    place_->writer = writer_.release();
    place_->next = abandoned;
    abandoned = place_.release();
    failed_ = false;
  }

  bool recovered() const noexcept override {
    return writer_ != nullptr && writer_->lacks_connection() &&
           connector_->has_session();
  }

  std::int64_t deadline_ns() const noexcept override {
    return std::chrono::nanoseconds(settings_.deadline).count();
  }
  RowForm form() const noexcept override { return RowForm::table; }
  RowBatch columns() const noexcept override {
    return writer_ == nullptr ? RowBatch() : writer_->columns();
  }
  bool tally(Tally* tally) const noexcept override {
    tally->written = written_;
    return true;
  }
  std::string_view target() const noexcept override { return settings_.target; }

 private:
  Status start() {
    auto connector = std::make_shared<Connector>(settings_);
    if (Status status = connector->start(); !status.ok()) return status;
    place_ = std::make_unique<Abandoned>();
    writer_ = std::make_unique<RowWriter>(settings_, *connector);
    connector_ = std::move(connector);
    return {};
  }

  void stop() {
    if (connector_ == nullptr) return;
    connector_->begin_stop();
    writer_.reset();
    connector_->stop();
    connector_.reset();
  }

  Status note(Status status) {
    failed_ = !status.ok();
    return status;
  }

  const PostgresSettings settings_;
  std::shared_ptr<Connector> connector_;
  std::unique_ptr<RowWriter> writer_;
  std::unique_ptr<Abandoned> place_;  // for abandon(), which must not allocate
  std::uint64_t written_ = 0;
  bool has_waited_ = false;  // for the first connection
  bool failed_ = false;      // the last call; close() then is not for good
};

}  // namespace

Status make_postgres_sink(Options& options, SinkPtr* sink) {
  PostgresSettings settings;
  Status status = read_postgres_settings(options, &settings);
  if (!status.ok()) return status;
  sink->reset(new PostgresSink(std::move(settings)));
  return {};
}

}  // namespace stogger
