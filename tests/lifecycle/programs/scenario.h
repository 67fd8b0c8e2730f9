// The scenarios that the tests of the life cycle run, each in a process of its
// own: `lifecycle_program SCENARIO CONFIG [ARGUMENT]`.
#pragma once

#include <string>
#include <string_view>

#include "stogger/log.h"
#include "tests/lifecycle/progress.h"

struct Arguments {
  std::string scenario;
  std::string config;    // a TOML file; "-": init() is not called
  std::string argument;  // its meaning depends on the scenario
};

struct Scenario {
  std::string_view name;
  int (*run)(const Arguments& arguments);
};

// Null if the file does not have it.
const Scenario* find_end(std::string_view name);
const Scenario* find_fork(std::string_view name);
const Scenario* find_signal(std::string_view name);
const Scenario* find_terminate(std::string_view name);

// As in tests/support/targets.h.
void log_checked(std::string_view name);
// PREFIX-0, PREFIX-1, ...
void log_many(std::string_view prefix, int count);
