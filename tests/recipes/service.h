// The service of programs/service.cc, and what it has logged.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/processes.h"

namespace stogger {

// Starts it. `before` runs in the new process, which ends if that is false.
inline pid_t start_service(
    std::vector<std::string> arguments,
    const std::function<bool()>& before = [] { return true; }) {
  arguments.insert(arguments.begin(), RECIPES_SERVICE);
  return start_child([&] {
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    return before() && ::execv(words[0], words.data()) == 0;
  });
}

// Ends it. Whether it has lost nothing.
inline bool stop_service(pid_t service) {
  ::kill(service, SIGTERM);
  return succeeded(service);
}

// Waits until more is in the log than now. Does not read it: a service writes
// faster than that.
inline void wait_for_lines(const std::string& log) {
  constexpr std::uintmax_t kSome = 100000;
  const auto size = [&] {
    std::error_code missing;
    const std::uintmax_t found = std::filesystem::file_size(log, missing);
    return missing ? 0 : found;
  };
  const std::uintmax_t before = size();
  EXPECT_TRUE(eventually([&] { return size() > before + kSome; }));
}

// The events of services, read from JSON lines.
class Ticks {
 public:
  struct Of {
    std::map<long, int> found;  // how often, by number
    long count = -1;            // as `stopped` says; -1 without that
  };

  // Lines as they should be are taken, the others counted as torn.
  void take(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      take_line(text.substr(0, end));
      if (end == text.npos) return;
      text.remove_prefix(end + 1);
    }
  }

  long torn() const { return torn_; }
  const std::map<std::string, Of>& services() const { return services_; }

  long total() const {
    long total = 0;
    for (const auto& [name, of] : services_) {
      for (const auto& [number, times] : of.found) total += times;
    }
    return total;
  }
  // Numbers that are there more than once.
  long repeated() const {
    long repeated = 0;
    for (const auto& [name, of] : services_) {
      for (const auto& [number, times] : of.found) repeated += times > 1;
    }
    return repeated;
  }
  // Stretches of numbers that are not there.
  long gaps() const {
    long gaps = 0;
    for (const auto& [name, of] : services_) {
      long next = 0;
      for (const auto& [number, times] : of.found) {
        gaps += number != next;
        next = number + 1;
      }
      gaps += next != of.count;
    }
    return gaps;
  }

 private:
  void take_line(std::string_view line) {
    // ...,"from":"a","n":42}
    constexpr std::string_view kFrom = "\"from\":\"";
    constexpr std::string_view kNumber = "\",\"n\":";
    const std::size_t from = line.find(kFrom);
    const std::size_t number = line.find(kNumber);
    if (!line.starts_with("{\"timestamp\":\"") || !line.ends_with('}') ||
        from == line.npos || number == line.npos) {
      ++torn_;
      return;
    }
    const std::size_t begin = from + kFrom.size();
    Of& of = services_[std::string(line.substr(begin, number - begin))];
    const long value =
        std::atol(std::string(line.substr(number + kNumber.size())).c_str());
    if (line.find("\"event\":\"stopped\"") != line.npos) {
      of.count = value;
    } else {
      ++of.found[value];
    }
  }

  std::map<std::string, Of> services_;
  long torn_ = 0;
};

// Every event of these services is there once.
inline void expect_each_once(const Ticks& ticks, std::size_t services = 1) {
  EXPECT_EQ(ticks.services().size(), services);
  EXPECT_GT(ticks.total(), 0);
  EXPECT_EQ(ticks.torn(), 0);
  EXPECT_EQ(ticks.repeated(), 0);
  EXPECT_EQ(ticks.gaps(), 0);
}

}  // namespace stogger
