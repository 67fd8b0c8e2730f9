#include <cstdio>
#include <functional>

#include "tests/lifecycle/programs/scenario.h"

void log_checked(std::string_view name) {
  const std::string fill(17 + std::hash<std::string_view>()(name) % 61, '.');
  stogger::info(name, {{"fill", fill}, {"check", name}});
}

void log_many(std::string_view prefix, int count) {
  for (int i = 0; i < count; ++i) {
    log_checked(std::string(prefix) + "-" + std::to_string(i));
  }
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s SCENARIO CONFIG [ARGUMENT]\n", argv[0]);
    return 2;
  }
  const Arguments arguments{argv[1], argv[2], argc > 3 ? argv[3] : ""};
  for (const auto find :
       {&find_end, &find_fork, &find_signal, &find_terminate}) {
    const Scenario* scenario = find(arguments.scenario);
    if (scenario == nullptr) continue;
    if (arguments.config != "-") {
      const stogger::Status status = stogger::init(arguments.config);
      if (!status.ok()) return 3;
    }
    return scenario->run(arguments);
  }
  std::fprintf(stderr, "there is no scenario %s\n", argv[1]);
  return 2;
}
