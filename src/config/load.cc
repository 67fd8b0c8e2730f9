// Starting what a configuration says.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "base/options.h"
#include "base/quote.h"
#include "config/config.h"
#include "config/controls.h"
#include "config/option.h"
#include "config/reloader.h"
#include "deliver/hub.h"
#include "deliver/inside_sink.h"
#include "deliver/read_delivery.h"
#include "deliver/system.h"
#include "module/registry.h"
#include "os/diagnostics.h"
#include "os/path_option.h"
#include "os/process.h"
#include "os/program_name.h"
#include "stogger/log.h"
#include "stogger/system.h"

namespace stogger {
namespace {

// Prints each problem; the first that is no mere warning is the result.
Status report_all(const std::vector<Problem>& problems) {
  Status first;
  for (const Problem& problem : problems) {
    if (problem.reported_by_sink) continue;
    const std::string line = to_line(problem);
    report(line);
    if (first.ok() && !problem.warning) first = Status(Code::config, line);
  }
  return first;
}

// Reports in one line why a configuration does not replace the one that runs.
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

// How a load ended.
struct Loaded {
  Status status;
  bool is_in_place = true;  // and not refused
  bool watches = false;     // its file is to be watched
};

// What only the file of init() can have.
void refuse_watch(const Config& config, std::vector<Problem>* problems) {
  if (!config.watch) return;
  problems->push_back({config.file,
                       {},
                       "\"watch\" is for the file of init(): it does nothing "
                       "here",
                       true});
}

// `given`: there is a file or a text, so that a later one with problems does
// not replace it. If it has problems itself, that holds as soon as a sink of it
// was started.
Loaded start(Hub& hub, const Config& config, std::vector<Problem> problems,
             bool given) {
  std::vector<BuiltSink> built = build_sinks(config, hub.clock(), &problems);
  sort_problems(&problems);
  const bool right =
      std::all_of(problems.begin(), problems.end(),
                  [](const Problem& problem) { return problem.warning; });
  if (!right && hub.is_configured()) return {refuse(problems), false};
  Status status = report_all(problems);
  HubSettings settings;
  settings.level = config.level;
  settings.levels = config.levels;
  settings.static_fields = as_fields(config.fields);
  settings.limits = config.limits;
  settings.recorder = config.recorder;
  settings.caller_info = config.caller_info;
  settings.redact = config.redact;
  settings.redact_values = config.redact_values;
  settings.report_events = config.report_events;
  settings.is_configuration = given && (right || has_own_sink(built));
  std::vector<HubSink> sinks;
  for (BuiltSink& sink : built) {
    sinks.push_back(
        {{std::move(sink.name), std::move(sink.type), std::move(sink.hidden)},
         sink.has_level ? std::optional(sink.level) : std::nullopt,
         std::move(sink.sink),
         std::move(sink.dead_letter),
         sink.delivery,
         std::move(sink.filter),
         std::move(sink.identity)});
  }
  Status installed = hub.install(settings, std::move(sinks));
  const bool is_in_place = installed.ok();
  return {status.ok() ? std::move(installed) : std::move(status), is_in_place,
          config.watch};
}

Loaded load_file(Hub& hub, std::string_view path) {
  std::vector<Problem> problems;
  const Config config = read_config_file(path, FileUse::obey, &problems);
  return start(hub, config, std::move(problems), true);
}

Loaded load_text(Hub& hub, std::string_view toml, std::string_view name) {
  std::vector<Problem> problems;
  const Config config = read_config(toml, name, &problems);
  refuse_watch(config, &problems);
  return start(hub, config, std::move(problems), true);
}

// The default system, which is loaded again on request.

// The file that it was loaded from; empty if it was none. Changed in a load.
std::string& loaded_file() {
  static auto* const file = new std::string;
  return *file;
}

void reload() noexcept;
void stop_reloading() noexcept;

Reloader& reloader() {
  static auto* const instance = [] {
    auto* made = new Reloader(&reload);
    handle_exit(ExitPart::loads, &stop_reloading);
    return made;
  }();
  return *instance;
}

void stop_reloading() noexcept { reloader().stop(); }

// Of the file that was loaded, or refused. It may have changed since it was
// looked at: then it is read once more.
void note_file(const std::string& file, const FileStamp& seen,
               const Loaded& loaded) {
  if (!loaded.is_in_place) return reloader().note_seen(file, seen);
  loaded_file() = file;
  reloader().watch(loaded.watches ? file : std::string(), seen);
}

void reload() noexcept {
  static_cast<void>(guarded([] {
    const Reloader::Load load(reloader());
    if (const std::string file = loaded_file(); !file.empty()) {
      const FileStamp seen = FileStamp::of(file);
      note_file(file, seen, load_file(default_hub(), file));
      return Status();
    }
    report(
        "a signal asks for the configuration to be read again, but init() was "
        "not called with a file");
    return Status();
  }));
}

Status called_from_load(std::string_view function) {
  return Status(Code::invalid,
                std::string(function) +
                    " was called while a configuration is loaded, from a "
                    "diagnostic function or the factory of a sink; it does "
                    "nothing there");
}

// `file` is where it comes from.
template <class Run>
Status load_default(const std::string& file, Run run) {
  // It will be refused, and must not wait for others that wait for the sink.
  if (InsideSink::is_here()) return run().status;
  const Reloader::Load load(reloader());
  if (load.is_within_another()) return called_from_load("init");
  // The working folder may change until it is read again.
  const std::string path = file.empty() ? file : absolute_path(file);
  const FileStamp seen = FileStamp::of(path);
  Loaded loaded = run();
  if (path.empty()) loaded.watches = false;
  note_file(path, seen, loaded);
  if (loaded.is_in_place) {
    if (Status status = reloader().resume(); !status.ok()) {
      report(status.message());
    }
  }
  return std::move(loaded.status);
}

// A sink as its table in a file would make it.
Status make_hub_sink(Fields given, HubSink* sink) {
  SinkType type;
  if (Status status = find_sink_type(sink->title.type, &type); !status.ok()) {
    return status;
  }
  // Who adds a sink in code can see that it failed, and wants it now.
  if (!type.missing.ok()) return type.missing;
  Options options(sink->title.type, given);
  OptionsAccess::set_identifier(options, program_name());
  OptionsAccess::set_sink_name(options, sink->title.name);
  const Level level = read_level(options, Level::info);
  if (options.has("level")) sink->level = level;
  sink->filter = read_filter(options);
  sink->dead_letter = read_dead_letter(options);
  sink->delivery = read_delivery(options, {});
  return make_sink(type, options, &sink->sink);
}

}  // namespace

Status System::load(std::string_view path) noexcept {
  return guarded([&] {
    std::vector<Problem> problems;
    const Config config = read_config_file(path, FileUse::obey, &problems);
    refuse_watch(config, &problems);
    return start(hub_of(*this), config, std::move(problems), true).status;
  });
}

Status System::load_text(std::string_view toml,
                         std::string_view name) noexcept {
  return guarded(
      [&] { return stogger::load_text(hub_of(*this), toml, name).status; });
}

ReportedStatus init(std::string_view path) noexcept {
  return guarded([&] {
    // Not for programs that run with more rights than who started them.
    const char* instead = ::secure_getenv("STOGGER_CONFIG");
    if (instead != nullptr && *instead != '\0') path = instead;
    return load_default(std::string(path), [&] {
      if (!path.empty()) return load_file(default_hub(), path);
      std::vector<Problem> problems;
      const Config config = default_config(&problems);
      return start(default_hub(), config, std::move(problems), false);
    });
  });
}

ReportedStatus init_text(std::string_view toml) noexcept {
  return guarded([&] {
    return load_default(
        {}, [&] { return load_text(default_hub(), toml, "init_text"); });
  });
}

ReportedStatus reload_on(int signal) noexcept {
  const Status status = guarded([&] { return reloader().reload_on(signal); });
  if (!status.ok()) report(status.message());
  return status;
}

ReportedStatus shutdown() noexcept {
  return guarded([] {
    if (Reloader::Load::is_here()) return called_from_load("shutdown");
    // A sink that calls this is told so.
    if (!InsideSink::is_here()) reloader().stop();
    return default_hub().close();
  });
}

Status check(std::string_view path) noexcept {
  return guarded([&] {
    std::vector<Problem> problems;
    const Config config = read_config_file(path, FileUse::obey, &problems);
    static_cast<void>(build_sinks(config, Clock::real(), &problems));
    sort_problems(&problems);
    for (const Problem& problem : problems) {
      if (!problem.warning) return Status(Code::config, to_line(problem));
    }
    return Status();
  });
}

ReportedStatus add_sink(std::string_view name, std::string_view type,
                        Fields options) noexcept {
  Status opened;
  Status added = guarded([&] {
    HubSink sink{{std::string(name), std::string(type)}, {}, SinkPtr()};
    Status status = make_hub_sink(options, &sink);
    if (status.ok()) status = default_hub().add(std::move(sink), &opened);
    if (status.ok()) return status;
    return Status(status.code(),
                  "add_sink: the sink " + quoted(name) +
                      " is not added: " + std::string(status.message()));
  });
  if (added.ok()) return opened;
  report(added.message());
  return added;
}

ReportedStatus remove_sink(std::string_view name) noexcept {
  Status closed;
  Status removed = guarded([&] { return default_hub().remove(name, &closed); });
  if (removed.ok()) return closed;
  report(removed.message());
  return removed;
}

}  // namespace stogger
