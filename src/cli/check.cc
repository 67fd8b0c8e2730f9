#include <cstdio>
#include <string>
#include <vector>

#include "base/quote.h"
#include "base/scrub.h"
#include "cli/commands.h"
#include "config/config.h"

namespace stogger {
namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// As a comment, so that what is printed remains TOML.
bool open_and_tell(BuiltSink& sink) {
  std::string title = "sink " + quoted(sink.name) + " (" + sink.type;
  const std::string target = hide_secrets(sink.sink->target());
  if (!target.empty()) title += " " + target;
  const Status opened = sink.sink->open();
  const Status closed = opened.ok() ? sink.sink->close() : Status();
  const Status& failed = opened.ok() ? closed : opened;
  print(printable("# " + title + ") " +
                  (failed.ok() ? "can be opened"
                               : "cannot be opened: " +
                                     std::string(failed.message()))) +
        "\n");
  return failed.ok();
}

}  // namespace

int check(const std::string& file, bool connect) {
  std::vector<Problem> problems;
  const Config config = read_config_file(file, &problems);
  std::vector<BuiltSink> sinks = build_sinks(config, Clock::real(), &problems);
  sort_problems(&problems);
  bool wrong = false;
  for (const Problem& problem : problems) {
    wrong = wrong || !problem.warning;
    // A warning goes past the listing, which may be on its way into a file.
    std::fputs((to_line(problem) + "\n").c_str(),
               problem.warning ? stderr : stdout);
  }
  if (wrong) return kExitConfig;
  print(describe(config, sinks));
  if (!connect) return kExitOk;
  print("\n");
  int result = kExitOk;
  for (BuiltSink& sink : sinks) {
    if (!open_and_tell(sink)) result = kExitUnavailable;
  }
  return result;
}

}  // namespace stogger
