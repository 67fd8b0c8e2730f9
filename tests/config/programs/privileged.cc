// Told by its argument what to try, it prints what came of it. The tests run it
// as a set-user-ID or set-group-ID program.
#include <cstdio>
#include <string>
#include <string_view>

#include "module/loader.h"
#include "os/diagnostics.h"
#include "os/ownership.h"
#include "os/program_name.h"
#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "stogger/system.h"
#ifdef HAS_POSTGRES
#include "sinks/postgres/postgres.h"
#endif

namespace stogger {
namespace {

void print(std::string_view text) {
  std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
}

void print_level(const Logger& log) {
  print(log.enabled(Level::debug) ? "debug is on" : "debug is off");
}

void load_text(std::string_view toml) {
  System system;
  const Status status = system.load_text(toml, "c.toml");
  print(status.ok() ? "ok" : status.message());
  print_level(system.logger());
}

// Logs an event to a file or a database of this path, which root is said to
// have configured.
void log_to(std::string_view path, std::string_view more) {
  const std::string_view type = path.ends_with(".db") ? "sqlite" : "file";
  System system;
  const Status status = system.load_text(
      "[stogger]\nlog_to_console = false\n"
      "[stogger.sinks.log]\ntype = \"" +
          std::string(type) + "\"\npath = \"" + std::string(path) + "\"\n" +
          std::string(more),
      "c.toml");
  system.logger().info("event");
  const bool written = system.flush().ok();
  print(!status.ok() ? status.message() : written ? "ok" : "lost");
}

int run(std::string_view what, std::string_view argument,
        std::string_view more) {
  if (what == "name") {
    print(program_name());
  } else if (what == "rights") {
    print(has_more_rights_than_caller() ? "more" : "the same");
  } else if (what == "level-without-init") {
    print_level(logger());
  } else if (what == "level") {
    load_text("[stogger]\n");
  } else if (what == "variable") {
    load_text("[stogger]\nlogdir = \"${HOME}\"\n");
  } else if (what == "init") {
    static_cast<void>(init());
    for (const SinkStats& sink : stats()) print(sink.name);
  } else if (what == "load") {
    System system;
    const Status status = system.load(argument);
    print(status.ok() ? "ok" : status.message());
  } else if (what == "log") {
    log_to(argument, more);
  } else if (what == "console") {
    load_text("[stogger.sinks.console]\ntype = \"console\"\n");
    report("reported");
  } else if (what == "module-folders") {
    for (const std::string& folder : module_folders()) print(folder);
  } else if (what == "password") {
#ifdef HAS_POSTGRES
    static_cast<void>(register_sink("postgres", &make_postgres_sink));
#endif
    set_diagnostics([](std::string_view line, void*) { print(line); });
    load_text(
        "[stogger]\n[stogger.sinks.pg]\ntype = \"postgres\"\n"
        "dsn = \"postgresql://u:%PASSWORD%@127.0.0.1:1/d?sslmode=disable\"\n");
  } else {
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace stogger

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (std::string_view(argv[1]) != "console") {
    stogger::set_diagnostics([](std::string_view, void*) {});
  }
  return stogger::run(argv[1], argc > 2 ? argv[2] : "",
                      argc > 3 ? argv[3] : "");
}
