#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/hidden.h"
#include "base/quote.h"
#include "base/scrub.h"
#include "cli/commands.h"
#include "cli/own_types.h"
#include "cli/print.h"
#include "config/config.h"

namespace stogger {
namespace {

// What is found out about one sink, as comments, so that what is printed
// remains TOML.
class Findings final : public CheckFindings {
 public:
  explicit Findings(const BuiltSink& sink) : sink_(sink) {}

  void would_change(std::string_view what) override { add("", what); }
  void warn(std::string_view what) override { add("warning: ", what); }
  void not_checked() override { checked_ = false; }

  void print_all(const Status& status) const {
    std::string title = "sink " + quoted(sink_.name) + " (" + sink_.type;
    const std::string_view target = sink_.sink->target();
    if (!target.empty()) title.append(" ").append(target);
    title += ") ";
    if (!status.ok()) {
      title.append("cannot be opened: ").append(status.message());
    } else {
      title += checked_ ? "can be opened"
                        : "was not checked: only opening it would show that";
    }
    print_one("# ", title);
    for (const std::string& line : lines_) print_one("#   ", line);
  }

 private:
  void add(std::string_view kind, std::string_view what) {
    lines_.push_back(std::string(kind).append(what));
  }

  // Neither servers nor variables put anything here that does not belong.
  void print_one(const char* begin, const std::string& text) const {
    print(begin);
    print_line(hide_secrets(hide_values(sink_.hidden, text)));
  }

  const BuiltSink& sink_;
  std::vector<std::string> lines_;
  bool checked_ = true;
};

bool check_and_print(BuiltSink& sink) {
  Findings findings(sink);
  const Status status = guarded([&] { return sink.sink->check(findings); });
  findings.print_all(status);
  return status.ok();
}

}  // namespace

int check(const std::string& file, bool connect,
          const std::vector<std::string>& known_types) {
  for (const std::string& type : known_types) {
    // One that is known anyway does no harm.
    static_cast<void>(add_own_type(type));
  }
  std::vector<Problem> problems;
  // Who may write the file may choose where values of variables go.
  const FileUse use = connect ? FileUse::obey : FileUse::look_at;
  const Config config = read_config_file(file, use, &problems);
  add_own_types(config, &problems);
  std::vector<BuiltSink> sinks = build_sinks(config, Clock::real(), &problems);
  add_advice(config, sinks, &problems);
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
    if (!check_and_print(sink)) result = kExitUnavailable;
  }
  return result;
}

}  // namespace stogger
