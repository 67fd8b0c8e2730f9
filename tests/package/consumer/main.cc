// Uses the installed package as a service would: a sink from configuration, one
// of its own, and reads back what arrived. consumer FOLDER
#include <stogger/chrono.h>
#include <stogger/log.h>
#include <stogger/sink.h>
#include <stogger/system.h>
#include <stogger/testing.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace {

std::size_t counted = 0;

class CountSink final : public stogger::Sink {
 public:
  stogger::Status write(const stogger::RowBatch& rows,
                        stogger::WriteReport&) override {
    counted += rows.row_count;
    return {};
  }
};

stogger::Status make_count_sink(stogger::Options& options,
                                stogger::SinkPtr* sink) {
  stogger::Status s = options.finish();
  if (s.ok()) sink->reset(new CountSink);
  return s;
}

void require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "consumer: %s\n", what.c_str());
  std::exit(1);
}

std::string contents(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  require(argc == 2, "usage: consumer FOLDER");
  const std::string folder = argv[1];
  const std::string log = folder + "/events.jsonl";
  const std::string config = folder + "/consumer.toml";
  std::remove(log.c_str());
  std::ofstream(config) << "[stogger]\nlog_to_console = false\n"
                        << "[stogger.sinks.events]\ntype = \"jsonl\"\n"
                        << "path = \"" << log << "\"\n"
                        << "[stogger.sinks.mine]\ntype = \"count\"\n";

  stogger::Status s = stogger::register_sink("count", make_count_sink);
  require(s.ok(), std::string(s.message()));
  s = stogger::init(config);
  require(s.ok(), std::string(s.message()));
  stogger::info("user-login", {{"user_id", 42}, {"ip", "10.0.0.1"}});
  stogger::debug("not-taken", {{"took", std::chrono::milliseconds(5)}});
  s = stogger::shutdown();
  require(s.ok(), std::string(s.message()));

  const std::string line = contents(log);
  require(line.find("\"event\":\"user-login\"") != std::string::npos &&
              line.find("\"user_id\":42") != std::string::npos,
          "the event did not arrive: " + line);
  require(line.find("not-taken") == std::string::npos,
          "an event below the level arrived: " + line);
  require(counted == 1, "the program's own sink did not get the event");

  stogger::testing::ManualClock clock;
  stogger::System system(&clock);
  stogger::testing::Capture capture(system);
  system.logger("consumer").warning("seen", {{"n", 1}});
  require(capture.has(stogger::Level::warning, "seen", {{"n", 1}}),
          "the capture did not see the event");
  return 0;
}
