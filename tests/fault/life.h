// One life of a sink: it is opened, events are logged while calls fail, the
// fault ends, more events are logged, the sink is closed; then its target and
// the statistics are compared.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/fault/faults.h"
#include "tests/fault/subject.h"
#include "tests/support/sinks.h"
#include "tests/support/targets.h"

namespace stogger {

inline std::string describe(const Fault& fault) {
  std::string text = "call " + std::to_string(fault.call) + " fails";
  if (fault.victim == Victim::system_calls) {
    text += fault.error == 0
                ? std::string(" with a short write, or EIO")
                : std::string(" with ") + ::strerrorname_np(fault.error);
  }
  switch (fault.extent) {
    case Extent::once:
      return text + ", once";
    case Extent::same_function:
      return text + ", and all later ones of its function";
    case Extent::everything:
      return text + ", and all later ones";
  }
  return text;
}

inline int count_descriptors() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

// Which part of the sink's life has the fault.
enum class Phase { logging, closing };

class Life {
 public:
  Life(const SubjectKind& kind, const Fault& fault, Phase phase)
      : fault_(fault), phase_(phase), subject_(kind.make()) {
    // So that it needs no memory later.
    other_->names.reserve(kEvents + kProbes + kLaterEvents + kMostOutages * 2);
    logged_.reserve(kEvents + kProbes + kLaterEvents);
  }

  // Returns how many calls there were in the phase.
  int run() {
    const int descriptors = count_descriptors();
    {
      System system(&clock_);
      system_ = &system;
      add_scripted(system, "other", Level::trace, other_);
      log_ = system.logger();
      {
        const FaultScope scope(fault_);
        log_events();
        in_phase(Phase::closing, [&] { static_cast<void>(system.close()); });
        calls_ = scope.calls();
        function_ = scope.function();
      }
      clock_.advance(20);
      // A real target may be busy yet with what it got before.
      subject_->settle();
      for (int i = 0; i < kProbes && stats_of(*system_, "sink").failing; ++i) {
        log("probe-" + std::to_string(i));
        clock_.advance(20);
      }
      for (int i = 0; i < kLaterEvents; ++i) {
        log("later-" + std::to_string(i));
        clock_.advance(1);
      }
      EXPECT_OK(system.flush());
      EXPECT_OK(system.close());
      check_statistics();
    }
    log_ = Logger();
    check_target();
    EXPECT_LE(count_descriptors(), descriptors) << "descriptors leak";
    check_reports();
    return calls_;
  }
  // The function that failed first.
  const std::string& function() const { return function_; }
  std::vector<std::string> reports() const { return diagnostics_.lines(); }

 private:
  static constexpr int kEvents = 20;
  static constexpr int kProbes = 40;
  static constexpr int kLaterEvents = 5;
  static constexpr std::size_t kMostOutages = 20;
  static constexpr double kLongestCall = 1.0;  // seconds

  // A call into the library. With the fault, if this is its phase.
  template <class Action>
  void in_phase(Phase phase, Action action) {
    using Steady = std::chrono::steady_clock;
    if (phase == Phase::closing && phase_ != phase) return;
    const auto start = Steady::now();
    if (phase == phase_) FaultScope::go_on();
    action();
    FaultScope::pause();
    const std::chrono::duration<double> took = Steady::now() - start;
    EXPECT_LT(took.count(), kLongestCall) << "a call took too long";
  }

  void log(const std::string& name) {
    logged_.push_back(name);
    const bool is_large =
        subject_->logs_large_event() && logged_.size() % 7 == 3;
    const std::string fill(is_large ? 500000 : 17 + 7 * logged_.size() % 61,
                           '.');
    in_phase(Phase::logging, [&] {
      log_.info(name, {{"fill", fill}, {"check", name}});
    });
    const SinkStats stats = stats_of(*system_, "sink");
    EXPECT_TRUE(is_balanced(stats));
    EXPECT_EQ(stats.accepted, logged_.size());
  }

  void log_events() {
    SinkPtr sink = subject_->make();
    in_phase(Phase::logging, [&] {
      static_cast<void>(system_->add_sink("sink", std::move(sink)));
    });
    if (system_->stats().find("sink") == nullptr) {
      // There was no memory even to know of it.
      static_cast<void>(system_->add_sink("sink", subject_->make()));
    }
    const auto flush = [&] { static_cast<void>(system_->flush()); };
    for (int i = 0; i < kEvents; ++i) {
      log("event-" + std::to_string(i));
      if (i == kEvents / 2) in_phase(Phase::logging, flush);
      clock_.advance(0.06);
    }
    in_phase(Phase::logging, flush);
  }

  void check_statistics() {
    stats_ = stats_of(*system_, "sink");
    EXPECT_EQ(stats_.pending, 0U);
    EXPECT_FALSE(stats_.failing);
    const SinkStats others = stats_of(*system_, "other");
    // Outages of the sink come on top.
    EXPECT_GE(others.accepted, logged_.size());
    EXPECT_LE(others.accepted, logged_.size() + kMostOutages * 2);
    EXPECT_EQ(others.written, other_->count());
    if (fault_.victim == Victim::system_calls) {
      EXPECT_EQ(other_->logged_events(), logged_)
          << "another sink lacks events";
    }
    if (fault_.call == 0) {
      EXPECT_EQ(stats_.written, logged_.size());
      EXPECT_EQ(stats_.failed, 0U);
    }
  }

  void check_target() {
    const std::vector<std::string> found = subject_->names();
    EXPECT_GE(found.size(), stats_.written) << "events that are counted";
    EXPECT_LE(found.size(), stats_.written + stats_.in_doubt)
        << "events that are counted";
    auto counts = count_each(found);
    for (const auto& [name, count] : counts) {
      EXPECT_EQ(count, 1) << name << " is there twice";
    }
    auto at = logged_.begin();
    for (const std::string& name : found) {
      at = std::find(at, logged_.end(), name);
      EXPECT_NE(at, logged_.end()) << name << " is out of order";
      if (at == logged_.end()) break;
    }
    for (int i = 0; i < kLaterEvents; ++i) {
      const std::string name = "later-" + std::to_string(i);
      EXPECT_TRUE(counts.contains(name)) << name << " has not arrived";
    }
    EXPECT_EQ(subject_->leftovers(), std::vector<std::string>());
  }

  // What is lost is told.
  void check_reports() {
    const auto lines = diagnostics_.lines();
    EXPECT_LE(lines.size(), 10U);
    if (stats_.dropped != 0 && fault_.victim == Victim::system_calls) {
      EXPECT_FALSE(lines.empty()) << "events were lost in silence";
    }
    if (fault_.call == 0) {
      EXPECT_EQ(lines, std::vector<std::string>());
    }
    for (const std::string& line : lines) {
      // A file sink tells by itself that a trouble without losses is over.
      EXPECT_TRUE(line.starts_with("sink 'sink' (custom") ||
                  (line.starts_with("\"/") && line.ends_with(" again")))
          << line;
    }
  }

  const Fault fault_;
  const Phase phase_;
  Diagnostics diagnostics_;
  testing::ManualClock clock_{Time{1795225168656642000}};
  const std::unique_ptr<Subject> subject_;
  const std::shared_ptr<Script> other_ = std::make_shared<Script>();
  System* system_ = nullptr;
  Logger log_;
  std::vector<std::string> logged_;
  SinkStats stats_;
  int calls_ = 0;
  std::string function_;
};

// Lets calls number 1, 1 + step, ... of the phase fail, until a life goes
// wrong.
template <class Faults>
void live_with_each(const SubjectKind& kind, Phase phase, Victim victim,
                    int step, Faults faults_of_call) {
  const int calls = Life(kind, {.victim = victim}, phase).run();
  for (int call = 1; call <= calls; call += step) {
    for (Fault fault : faults_of_call(call)) {
      fault.call = call;
      fault.victim = victim;
      Life life(kind, fault, phase);
      life.run();
      if (!::testing::Test::HasFailure()) continue;
      ADD_FAILURE() << describe(fault) << ": " << life.function()
                    << "; it reports: "
                    << ::testing::PrintToString(life.reports());
      return;
    }
  }
}

}  // namespace stogger
