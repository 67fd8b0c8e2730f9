// Starting what a configuration says.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "config/config.h"
#include "deliver/hub.h"
#include "deliver/system.h"
#include "os/diagnostics.h"
#include "stogger/log.h"
#include "stogger/system.h"

namespace stogger {
namespace {

// Prints each problem; the first that is no mere warning is the result.
Status tell(const std::vector<Problem>& problems) {
  Status first;
  for (const Problem& problem : problems) {
    if (problem.told_by_sink) continue;
    const std::string line = to_line(problem);
    report(line);
    if (first.ok() && !problem.warning) first = Status(Code::config, line);
  }
  return first;
}

// Tells in one line why a configuration does not replace the one that runs.
Status refuse(const std::vector<Problem>& problems) {
  std::string line;
  std::size_t others = 0;
  for (const Problem& problem : problems) {
    if (problem.warning) continue;
    if (line.empty()) {
      line = to_line(problem);
    } else {
      ++others;
    }
  }
  if (others != 0) {
    line += " (and " + std::to_string(others) + " more problem" +
            (others == 1 ? ")" : "s)");
  }
  line += "; the configuration that runs is kept";
  report(line);
  return Status(Code::config, line);
}

// True if a sink was asked for, rather than put in place of what is missing.
bool has_own_sink(const std::vector<BuiltSink>& sinks) noexcept {
  return std::any_of(sinks.begin(), sinks.end(), [](const BuiltSink& sink) {
    return sink.origin != "log_to_console";
  });
}

// `given`: there is a file or a text, so that a later one with problems does
// not replace it. If it has problems itself, that holds as soon as a sink of it
// was started.
Status start(Hub& hub, const Config& config, std::vector<Problem> problems,
             bool given) {
  std::vector<BuiltSink> built = build_sinks(config, hub.clock(), &problems);
  sort_problems(&problems);
  const bool right =
      std::all_of(problems.begin(), problems.end(),
                  [](const Problem& problem) { return problem.warning; });
  if (!right && hub.is_configured()) return refuse(problems);
  Status status = tell(problems);
  HubSettings settings{config.caller_info, config.redact,
                       given && (right || has_own_sink(built))};
  std::vector<HubSink> sinks;
  for (BuiltSink& sink : built) {
    sinks.push_back({std::move(sink.name), std::move(sink.type), sink.level,
                     std::move(sink.sink), std::move(sink.hidden)});
  }
  Status installed = hub.install(settings, std::move(sinks));
  return status.ok() ? installed : status;
}

Status load_file(Hub& hub, std::string_view path) {
  std::vector<Problem> problems;
  const Config config = read_config_file(path, FileUse::obey, &problems);
  return start(hub, config, std::move(problems), true);
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
    return start(hub_of(*this), config, std::move(problems), true);
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
    return start(default_hub(), config, std::move(problems), false);
  });
}

}  // namespace stogger
