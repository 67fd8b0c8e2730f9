// Every system call that a sink makes fails in turn, in several ways, while
// events are logged. Whatever happens, the call returns, other sinks get every
// event, the statistics balance, what they count as written is in the target,
// once and whole, and later events arrive.

#include <dirent.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/fault/subject.h"
#include "tests/fault/system_calls.h"
#include "tests/support/targets.h"

namespace stogger {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr int kEvents = 20;
constexpr int kLaterEvents = 5;
constexpr double kLongestCall = 1.0;  // seconds

std::string describe(const Fault& fault) {
  std::string text =
      "call " + std::to_string(fault.call) + " fails with " +
      (fault.error == 0 ? "a short write" : ::strerrorname_np(fault.error));
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

int count_descriptors() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

// In memory, because a disk that others use may be slow for seconds.
class FoldersInMemory : public ::testing::Environment {
 public:
  void SetUp() override { ::setenv("TMPDIR", "/dev/shm", 0); }
};
[[maybe_unused]] const auto* const kFoldersInMemory =
    ::testing::AddGlobalTestEnvironment(new FoldersInMemory);

// Which part of the sink's life has the fault.
enum class Phase { logging, closing };

// One life of a sink.
class Life {
 public:
  Life(const SubjectKind& kind, const Fault& fault, Phase phase)
      : fault_(fault), phase_(phase), subject_(kind.make()) {}

  // Returns how many calls there were in the phase.
  int run() {
    const int descriptors = count_descriptors();
    {
      System system(&clock_);
      system_ = &system;
      other_ = add_scripted(system, "other");
      log_ = system.logger();
      if (phase_ == Phase::logging) {
        with_fault([&] { log_events(); });
      } else {
        log_events();
        with_fault([&] { timed([&] { static_cast<void>(system.close()); }); });
      }
      clock_.advance(20);
      for (int i = 0; i < kLaterEvents; ++i) {
        log("later-" + std::to_string(i));
        clock_.advance(1);
      }
      check_status("flush", system.flush());
      check_status("close", system.close());
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
  template <class Action>
  void with_fault(Action action) {
    const FaultScope scope(fault_);
    action();
    calls_ = scope.calls();
    function_ = scope.function();
  }

  template <class Action>
  void timed(Action action) {
    const auto start = steady_clock::now();
    action();
    const double took = duration<double>(steady_clock::now() - start).count();
    EXPECT_LT(took, kLongestCall) << "a call took too long";
  }

  void log(const std::string& name) {
    logged_.push_back(name);
    timed([&] {
      if (subject_->logs_large_event() && logged_.size() % 7 == 3) {
        static const std::string large(500000, 'x');
        log_.info(name, {{"large", large}, {"check", name}});
      } else {
        log_checked(log_, name);
      }
    });
    const SinkStats stats = stats_of(*system_, "sink");
    EXPECT_TRUE(is_balanced(stats));
    EXPECT_EQ(stats.accepted, logged_.size());
  }

  void log_events() {
    timed([&] {
      static_cast<void>(system_->add_sink("sink", subject_->make()));
    });
    for (int i = 0; i < kEvents; ++i) {
      log("event-" + std::to_string(i));
      if (i == kEvents / 2) {
        timed([&] { static_cast<void>(system_->flush()); });
      }
      clock_.advance(0.06);
    }
    timed([&] { static_cast<void>(system_->flush()); });
  }

  void check_status(const char* action, const Status& status) {
    EXPECT_TRUE(status.ok()) << action << ": " << status.message();
  }

  void check_statistics() {
    written_ = stats_of(*system_, "sink");
    EXPECT_EQ(written_.pending, 0U);
    EXPECT_FALSE(written_.failing);
    EXPECT_EQ(other_->events(), logged_) << "another sink lacks events";
    if (fault_.call == 0) {
      EXPECT_EQ(written_.written, logged_.size());
      EXPECT_EQ(written_.failed, 0U);
    }
  }

  void check_target() {
    const std::vector<std::string> found = subject_->names();
    EXPECT_EQ(found.size(), written_.written) << "events that are counted";
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
    if (written_.dropped != 0) {
      EXPECT_FALSE(lines.empty()) << "events were lost in silence";
    }
    if (fault_.call == 0) {
      EXPECT_EQ(lines, std::vector<std::string>());
    }
    for (const std::string& line : lines) {
      EXPECT_TRUE(line.starts_with("sink 'sink' (custom")) << line;
    }
  }

  const Fault fault_;
  const Phase phase_;
  Diagnostics diagnostics_;
  testing::ManualClock clock_{Time{1795225168656642000}};
  const std::unique_ptr<Subject> subject_;
  System* system_ = nullptr;
  std::shared_ptr<Script> other_;
  Logger log_;
  std::vector<std::string> logged_;
  SinkStats written_;
  int calls_ = 0;
  std::string function_;
};

class SystemCalls : public ::testing::TestWithParam<SubjectKind> {
 protected:
  // Lets every call of the phase fail in turn. Returns the functions that did.
  std::map<std::string, int> fail_each_call(Phase phase, Extent extent,
                                            std::vector<int> errors) {
    std::map<std::string, int> functions;
    const int calls = Life(GetParam(), {}, phase).run();
    for (int call = 1; call <= calls && !HasFailure(); ++call) {
      // Every way for the first calls, of which each is another one; later
      // they take turns.
      std::vector<int> chosen = errors;
      if (call > kAllErrors) {
        chosen = {errors[static_cast<std::size_t>(call) % errors.size()]};
      }
      for (const int error : chosen) {
        const Fault fault{call, error, extent};
        Life life(GetParam(), fault, phase);
        life.run();
        ++functions[life.function()];
        if (HasFailure()) {
          ADD_FAILURE() << describe(fault) << ": " << life.function()
                        << "; it reports: "
                        << ::testing::PrintToString(life.reports());
          break;
        }
      }
    }
    return functions;
  }

  static constexpr int kAllErrors = 60;
};

TEST_P(SystemCalls, FailOnce) {
  const auto functions =
      fail_each_call(Phase::logging, Extent::once,
                     {0, ENOSPC, EIO, EINTR, EAGAIN, EACCES, ENOMEM});
  EXPECT_FALSE(functions.empty()) << "no call was seen";
  for (const auto& [function, count] : functions) {
    RecordProperty(function, count);
  }
}

// An end of such a fault: a full disk, missing rights, a broken disk.
TEST_P(SystemCalls, OfOneFunctionFailForAWhile) {
  fail_each_call(Phase::logging, Extent::same_function,
                 {0, ENOSPC, EIO, EAGAIN, EACCES, ENOMEM});
}

TEST_P(SystemCalls, AllFailForAWhile) {
  fail_each_call(Phase::logging, Extent::everything,
                 {ENOSPC, EIO, EACCES, ENOMEM});
}

TEST_P(SystemCalls, FailOnceWhileClosing) {
  fail_each_call(Phase::closing, Extent::once,
                 {0, ENOSPC, EIO, EINTR, EAGAIN, EACCES, ENOMEM});
}

TEST_P(SystemCalls, AllFailWhileClosing) {
  fail_each_call(Phase::closing, Extent::everything, {0, ENOSPC, EIO, ENOMEM});
}

INSTANTIATE_TEST_SUITE_P(Fault, SystemCalls, ::testing::ValuesIn(subjects()),
                         [](const auto& test) {
                           return std::string(test.param.name);
                         });

// The tests above would mean little if this did not hold.
TEST(SystemCallFaults, ReachTheCallsOfSqlite) {
  const SubjectKind* sqlite = nullptr;
  for (const SubjectKind& kind : subjects()) {
    if (std::string_view(kind.name) == "Sqlite") sqlite = &kind;
  }
  ASSERT_NE(sqlite, nullptr);
  EXPECT_GT(Life(*sqlite, {}, Phase::logging).run(), 100);
  EXPECT_GT(calls_of("pwrite"), 20);
  EXPECT_GT(calls_of("fcntl"), 20);
  EXPECT_GT(calls_of("mmap"), 0);
}

}  // namespace
}  // namespace stogger
