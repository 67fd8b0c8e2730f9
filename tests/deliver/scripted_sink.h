// A sink that does what a test tells it to, and remembers what it was given.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/diagnostics.h"
#include "stogger/sink.h"
#include "stogger/system.h"
#include "tests/support/kept_report.h"

namespace stogger {

// What a sink is to do, and what it did. Outlives the sink.
struct Script {
  // Called in place of the sink's own behaviour, which is to succeed.
  std::function<Status()> on_open;
  std::function<Status(const RowBatch& rows)> on_write;
  // Before on_write, or on_tick.
  std::function<void(WriteReport& report)> on_report;
  std::function<Status()> on_flush;
  std::function<Status()> on_tick;
  std::function<Status()> on_close;
  std::function<void()> on_abandon;
  std::function<bool(Tally*)> on_tally;
  std::function<RowForm()> on_form;
  std::atomic<bool> recovered{false};
  std::int64_t deadline_ns = 1000000000;
  std::atomic<std::int64_t> waited_ns{0};  // before the last write
  std::string target = "nowhere";

  std::atomic<int> opened{0};
  std::atomic<int> writes{0};  // attempts
  std::atomic<int> flushed{0};
  std::atomic<int> ticks{0};
  std::atomic<int> closed{0};
  std::atomic<int> abandoned{0};
  std::atomic<bool> is_open{false};
  std::atomic<bool> broke_the_rules{false};  // used while closed, or at once by
                                             // two threads

  // The names of the events written, in order.
  std::vector<std::string> events() const {
    const std::lock_guard lock(mutex);
    return names;
  }
  // The same without what other sinks' outages have brought.
  std::vector<std::string> logged_events() const {
    std::vector<std::string> logged = events();
    std::erase_if(logged, [](const std::string& name) {
      return name.starts_with("stogger-sink-");
    });
    return logged;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex);
    return names.size();
  }
  std::size_t count(std::string_view name) const {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(
        std::count(names.begin(), names.end(), name));
  }

  mutable std::mutex mutex;
  std::vector<std::string> names;
  std::atomic<bool> busy{false};
};

class ScriptedSink final : public Sink {
 public:
  explicit ScriptedSink(std::shared_ptr<Script> script)
      : script_(std::move(script)) {}

  Status open() override {
    const Busy busy(*script_);
    ++script_->opened;
    Status status = script_->on_open ? script_->on_open() : Status();
    script_->is_open = status.ok();
    return status;
  }
  Status write(const RowBatch& rows, WriteReport& report) override {
    const Busy busy(*script_);
    ++script_->writes;
    script_->waited_ns = report.waited_ns();
    if (!script_->is_open) script_->broke_the_rules = true;
    KeptReport said;
    if (script_->on_report) script_->on_report(said);
    said.pass_on(report);
    Status status = script_->on_write ? script_->on_write(rows) : Status();
    if (!status.ok()) return status;
    const std::lock_guard lock(script_->mutex);
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      if (said.is_silent_on(row)) {
        script_->names.emplace_back(name_of(rows, row));
      }
    }
    return status;
  }
  Status flush() override {
    const Busy busy(*script_);
    ++script_->flushed;
    if (!script_->is_open) script_->broke_the_rules = true;
    return script_->on_flush ? script_->on_flush() : Status();
  }
  Status tick(Time, WriteReport& report) override {
    const Busy busy(*script_);
    ++script_->ticks;
    if (!script_->is_open) script_->broke_the_rules = true;
    if (script_->on_report) script_->on_report(report);
    return script_->on_tick ? script_->on_tick() : Status();
  }
  Status close() override {
    const Busy busy(*script_);
    ++script_->closed;
    script_->is_open = false;
    return script_->on_close ? script_->on_close() : Status();
  }
  void abandon() noexcept override {
    ++script_->abandoned;
    script_->is_open = false;
    if (script_->on_abandon) script_->on_abandon();
  }
  bool recovered() const noexcept override { return script_->recovered; }
  std::int64_t deadline_ns() const noexcept override {
    return script_->deadline_ns;
  }
  RowForm form() const noexcept override {
    return script_->on_form ? script_->on_form() : RowForm::fields;
  }
  bool tally(Tally* tally) const noexcept override {
    return script_->on_tally && script_->on_tally(tally);
  }
  std::string_view target() const noexcept override { return script_->target; }

  static std::string_view name_of(const RowBatch& rows, std::size_t row) {
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      if (rows.columns[i].name == "event") return rows.at(row, i).text();
    }
    return rows.at(row, 0).text();
  }

 private:
  // Finds out about calls that overlap.
  class Busy {
   public:
    explicit Busy(Script& script) : script_(script) {
      if (script_.busy.exchange(true)) script_.broke_the_rules = true;
    }
    ~Busy() { script_.busy = false; }

   private:
    Script& script_;
  };

  const std::shared_ptr<Script> script_;
};

// Adds a sink to a system, and returns its script.
inline std::shared_ptr<Script> add_scripted(
    System& system, std::string_view name, Level level = Level::trace,
    std::shared_ptr<Script> script = std::make_shared<Script>()) {
  static_cast<void>(
      system.add_sink(name, SinkPtr(new ScriptedSink(script)), level));
  return script;
}

// The reports of the library, from here to the end of its life.
class Diagnostics {
 public:
  Diagnostics() {
    set_diagnostics(
        [](std::string_view line, void* self) {
          auto* diagnostics = static_cast<Diagnostics*>(self);
          const std::lock_guard lock(diagnostics->mutex_);
          diagnostics->lines_.emplace_back(line);
        },
        this);
  }
  ~Diagnostics() { set_diagnostics(nullptr); }
  Diagnostics(const Diagnostics&) = delete;
  Diagnostics& operator=(const Diagnostics&) = delete;

  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

inline Status unavailable() {
  return Status(Code::unavailable, "the target is away");
}

// The statistics of one sink.
inline SinkStats stats_of(const System& system, std::string_view name) {
  const Stats stats = system.stats();
  const SinkStats* found = stats.find(name);
  if (found == nullptr) return {};
  SinkStats copy = *found;
  copy.name = copy.type = {};
  return copy;
}

inline bool is_balanced(const SinkStats& stats) {
  // Wraps around where an end was counted without its beginning.
  return stats.pending <= stats.accepted &&
         stats.accepted == stats.written + stats.dropped + stats.dead_lettered +
                               stats.in_doubt + stats.pending;
}

}  // namespace stogger
