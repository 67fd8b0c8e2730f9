// A sink of one's own, and its use from a configuration.
#include <stogger/log.h>
#include <stogger/sink.h>
#include <stogger/system.h>

#include <cstdio>
#include <string>

namespace {

// Counts events, and alerts when the events of one level become too many.
class AlarmSink final : public stogger::Sink {
 public:
  explicit AlarmSink(std::int64_t most) : most_(most) {}

  stogger::Status write(const stogger::RowBatch& rows,
                        stogger::WriteReport&) override {
    // Columns: timestamp, level, event, func, scope, data.
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      if (++count_ != most_) continue;
      const std::string event(rows.at(row, 2).text());
      const std::string data(rows.at(row, 5).text());
      std::printf("alarm: %lld events, the last is %s %s\n",
                  static_cast<long long>(count_), event.c_str(), data.c_str());
    }
    return {};
  }

 private:
  const std::int64_t most_;
  std::int64_t count_ = 0;
};

stogger::Status make_alarm_sink(stogger::Options& options,
                                stogger::SinkPtr* sink) {
  const std::int64_t most = options.integer("most", 3, 1, 1000000);
  stogger::Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new AlarmSink(most));
  return {};
}

}  // namespace

int main() {
  stogger::Status status = stogger::register_sink("alarm", &make_alarm_sink);
  stogger::System system;
  if (status.ok()) {
    status = system.load_text(R"(
[stogger]
log_to_console = false

[stogger.sinks.errors]
type = "alarm"
level = "error"
most = 2
)",
                              "custom_sink.toml");
  }
  if (!status.ok()) {
    std::printf("%s\n", std::string(status.message()).c_str());
    return 1;
  }
  const stogger::Logger log = system.logger();
  log.error("payment-failed", {{"order", 1}});
  log.info("payment-made", {{"order", 2}});  // below the sink's level
  log.error("payment-failed", {{"order", 3}});
}
