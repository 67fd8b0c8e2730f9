// Starting what a configuration says.
#include <cstdlib>
#include <utility>

#include "base/diagnostics.h"
#include "base/guarded.h"
#include "config/config.h"
#include "deliver/hub.h"
#include "deliver/system.h"
#include "stogger/log.h"
#include "stogger/system.h"

namespace stogger {
namespace {

// Prints each problem; the first that is no mere warning is the result.
Status tell(std::vector<Problem>* problems) {
  sort_problems(problems);
  Status first;
  for (const Problem& problem : *problems) {
    if (problem.told_by_sink) continue;
    const std::string line = to_line(problem);
    report(line);
    if (first.ok() && !problem.warning) first = Status(Code::config, line);
  }
  return first;
}

Status start(Hub& hub, const Config& config, std::vector<Problem> problems) {
  std::vector<BuiltSink> built = build_sinks(config, hub.clock(), &problems);
  Status status = tell(&problems);
  std::vector<HubSink> sinks;
  for (BuiltSink& sink : built) {
    sinks.push_back({std::move(sink.name), std::move(sink.type), sink.level,
                     std::move(sink.sink)});
  }
  Status installed =
      hub.install({config.caller_info, config.redact}, std::move(sinks));
  return status.ok() ? installed : status;
}

Status load_file(Hub& hub, std::string_view path) {
  std::vector<Problem> problems;
  const Config config = read_config_file(path, &problems);
  return start(hub, config, std::move(problems));
}

}  // namespace

Status System::load(std::string_view path) noexcept {
  return guarded([&] { return load_file(hub_of(*this), path); });
}

Status System::load_text(std::string_view toml,
                         std::string_view name) noexcept {
  return guarded([&] {
    std::vector<Problem> problems;
    const Config config = read_config(toml, name, &problems);
    return start(hub_of(*this), config, std::move(problems));
  });
}

Status init(std::string_view path) noexcept {
  return guarded([&] {
    // Not for programs that run with more rights than who started them.
    const char* instead = ::secure_getenv("STOGGER_CONFIG");
    if (instead != nullptr && *instead != '\0') path = instead;
    if (!path.empty()) return load_file(default_hub(), path);
    std::vector<Problem> problems;
    const Config config = default_config(&problems);
    return start(default_hub(), config, std::move(problems));
  });
}

}  // namespace stogger
