// What the controls of docs/controls.md cost a call of three fields, which goes
// to JSON lines in blocks. The rounds of all cases alternate; the median and
// the best of the rounds are shown.
//
//   controls_bench [FOLDER] [ROUNDS] [CASE]   (default: /tmp 15)
//
// CASE is the beginning of a name: that one alone runs, for a profiler.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"

namespace {

constexpr int kCalls = 100000;

struct Case {
  const char* name;
  const char* limit;  // of the requirements
  const char* toml;   // before the sink
  stogger::Level level;
  bool in_scope;
  std::unique_ptr<stogger::System> system{};
  std::vector<double> ns{};  // per call, of each round
};

bool load(Case& one, const std::string& folder) {
  one.system = std::make_unique<stogger::System>();
  return one.system
      ->load_text("[stogger]\nlog_to_console = false\n" +
                      std::string(one.toml) +
                      "\n[stogger.sinks.out]\ntype = \"jsonl\"\nmode = "
                      "\"truncate\"\nflush = \"block\"\npath = \"" +
                      folder + "/" + one.name[0] + ".jsonl\"\n",
                  "controls_bench")
      .ok();
}

void run(Case& one) {
  const stogger::Logger log = one.system->logger("bench.calls");
  std::optional<stogger::Scope> scope;
  if (one.in_scope) scope.emplace(log, "request");
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCalls; ++i) {
    log.log(one.level, "order-paid",
            {{"order", i}, {"amount", 12.5}, {"customer", "C-1234567"}});
  }
  const std::chrono::duration<double, std::nano> took =
      std::chrono::steady_clock::now() - start;
  one.ns.push_back(took.count() / kCalls);
}

}  // namespace

int main(int argc, char** argv) {
  using stogger::Level;
  const std::string folder =
      std::string(argc > 1 ? argv[1] : "/tmp") + "/stogger-controls-bench";
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  Case cases[] = {
      {"a call", "", "", Level::info, false},
      {"two static fields and a level rule", "10 ns more",
       "[stogger.fields]\nservice = \"shop\"\nversion = \"2.1\"\n"
       "[stogger.levels]\nbench = \"info\"",
       Level::info, false},
      {"redact_keys with 3 keys", "",
       "redact_keys = [\"ssn\", \"card_*\", \"iban\"]", Level::info, false},
      {"values searched for 2 patterns", "",
       "redact_values = ['\\b\\d{16}\\b', 'tok_\\w+']", Level::info, false},
      {"left out by a limit", "50 ns", "[[stogger.limits]]\nper_second = 0",
       Level::info, false},
      {"kept by the recorder", "100 ns", "[stogger.recorder]", Level::debug,
       false},
      {"the same, in a scope", "", "[stogger.recorder]", Level::debug, true},
  };
  std::filesystem::create_directories(folder);
  const std::string only = argc > 3 ? argv[3] : "";
  const auto runs = [&](const Case& one) {
    return std::string(one.name).starts_with(only);
  };
  for (Case& one : cases) {
    if (!load(one, folder)) return 1;
  }
  for (int i = 0; i <= rounds; ++i) {
    for (Case& one : cases) {
      if (runs(one)) run(one);
    }
  }
  std::printf("%-40s %10s %10s   %s\n", "ns per call", "median", "best",
              "to reach");
  for (Case& one : cases) {
    if (!runs(one)) continue;
    one.ns.erase(one.ns.begin());  // warms up
    std::sort(one.ns.begin(), one.ns.end());
    std::printf("%-40s %10.1f %10.1f   %s\n", one.name,
                one.ns[one.ns.size() / 2], one.ns.front(), one.limit);
    one.system.reset();
  }
  std::filesystem::remove_all(folder);
}
