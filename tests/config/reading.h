// Reading configurations in tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "stogger/sink.h"

namespace stogger {

class NullSink final : public Sink {
 public:
  Status write(const RowBatch&, WriteReport&) override { return {}; }
};

// Sets an environment variable, or unsets it, as long as this object lives.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    const char* old = ::getenv(name);
    had_ = old != nullptr;
    if (had_) old_ = old;
    assign(value);
  }
  ~ScopedVariable() { assign(had_ ? old_.c_str() : nullptr); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  void assign(const char* value) {
    if (value == nullptr) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, value, 1);
    }
  }

  const char* name_;
  std::string old_;
  bool had_ = false;
};

using Lines = std::vector<std::string>;

inline Lines to_lines(std::vector<Problem> problems) {
  sort_problems(&problems);
  Lines lines;
  for (const Problem& problem : problems) lines.push_back(to_line(problem));
  return lines;
}

struct Built {
  Config config;
  std::vector<BuiltSink> sinks;
  Lines problems;

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const BuiltSink& sink : sinks) names.push_back(sink.name);
    return names;
  }
  const BuiltSink* find(std::string_view name) const {
    for (const BuiltSink& sink : sinks) {
      if (sink.name == name) return &sink;
    }
    return nullptr;
  }
};

// Reads the text as a file named c.toml, and builds its sinks.
inline Built build_text(std::string_view toml) {
  Built built;
  std::vector<Problem> problems;
  built.config = read_config(toml, "c.toml", &problems);
  built.sinks = build_sinks(built.config, Clock::real(), &problems);
  built.problems = to_lines(std::move(problems));
  return built;
}

// Tests that must not depend on how they were started.
class ConfigTest : public ::testing::Test {
 private:
  ScopedVariable level_{"STOGGER_LEVEL", nullptr};
  ScopedVariable config_{"STOGGER_CONFIG", nullptr};
  ScopedVariable journal_{"JOURNAL_STREAM", nullptr};
};

}  // namespace stogger
