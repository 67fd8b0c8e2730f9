// The configuration of the default system, read again when a signal comes.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/reading.h"
#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "support/entries.h"
#include "support/eventually.h"
#include "support/processes.h"
#include "support/sanitizer.h"
#include "support/temp_folder.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

// As long as a sink of this type is open, or being opened, it may hang.
class SlowToOpen final : public Sink {
 public:
  Status open() override {
    is_opening = true;
    while (hangs) std::this_thread::yield();
    is_opening = false;
    return {};
  }
  Status write(const RowBatch&, WriteReport&) override { return {}; }

  static inline std::atomic<bool> hangs{false};
  static inline std::atomic<bool> is_opening{false};
};

// What the library says about itself, on whatever thread.
class ReportedLines {
 public:
  ReportedLines() {
    set_diagnostics(
        [](std::string_view line, void* self) {
          auto& reports = *static_cast<ReportedLines*>(self);
          const std::lock_guard lock(reports.mutex_);
          reports.lines_.emplace_back(line);
        },
        this);
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class ReloadOn : public ::testing::Test {
 protected:
  ReloadOn() {
    static const Status registered = register_sink(
        "slow-to-open", +[](Options& options, SinkPtr* sink) {
          sink->reset(new SlowToOpen);
          static_cast<void>(options.integer("number", 0, 0, 1000000));
          return options.finish();
        });
    EXPECT_OK(registered);
  }
  ~ReloadOn() override {
    SlowToOpen::hangs = false;
    set_diagnostics(nullptr);
    shutdown();
    EXPECT_OK(init());
  }

  void write(std::string_view level, std::string_view more = "") {
    write_file(file_, "[stogger]\nlog_to_console = false\nlevel = \"" +
                          std::string(level) +
                          "\"\n[stogger.sinks.a]\ntype = \"memory\"\n" +
                          std::string(more));
  }
  static bool takes(Level level) { return logger().enabled(level); }
  static std::string slow(int number) {
    return "[stogger.sinks.b]\ntype = \"slow-to-open\"\nnumber = " +
           std::to_string(number) + "\n";
  }

  TempFolder folder_;
  const std::string file_ = folder_.file("c.toml");
  ReportedLines reports_;
};

TEST_F(ReloadOn, ASignalHasTheFileReadAgain) {
  write("info");
  ASSERT_OK(init(file_));
  info("one");
  ASSERT_OK(reload_on(SIGHUP));
  write("debug");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([] { return takes(Level::debug); }));
  EXPECT_EQ(stats().find("a")->written, 1U) << "the sink stays open";
  write("warning");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([] { return !takes(Level::info); }));
}

TEST_F(ReloadOn, ABrokenFileChangesNothingAndSaysSoInOneLine) {
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGHUP));
  write("loud");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([&] { return reports_.lines().size() == 1; }));
  const std::string line = reports_.lines().front();
  EXPECT_EQ(line.rfind(file_ + ":3:1: \"level\"", 0), 0U) << line;
  EXPECT_NE(line.find("; the configuration that runs is kept"), line.npos);
  EXPECT_TRUE(takes(Level::info));
  write("debug");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([] { return takes(Level::debug); }));
}

TEST_F(ReloadOn, AFileThatInitRefusedDoesNotTakeThePlaceOfTheOneThatRuns) {
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGHUP));
  EXPECT_FALSE(init(folder_.file("other.toml")).ok());
  write("debug");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([] { return takes(Level::debug); }));
}

TEST_F(ReloadOn, WithoutAFileThereIsNothingToReadAgain) {
  ASSERT_OK(
      init_text("[stogger]\nlog_to_console = false\n"
                "[stogger.sinks.a]\ntype = \"memory\"\n"));
  ASSERT_OK(reload_on(SIGHUP));
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([&] { return reports_.lines().size() == 1; }));
  EXPECT_NE(reports_.lines().front().find("not called with a file"),
            std::string::npos);
}

TEST_F(ReloadOn, FaultsAndWhatCannotBeCaughtAreRefused) {
  for (const int signal : {SIGKILL, SIGSTOP, SIGSEGV, SIGABRT, 0, -1, 1000}) {
    EXPECT_EQ(reload_on(signal).code(), Code::invalid) << signal;
  }
  EXPECT_EQ(reports_.lines().size(), 7U);
}

constinit std::atomic<int> handled{0};

TEST_F(ReloadOn, TheHandlerThatWasThereIsCalledToo) {
  struct sigaction action = {};
  action.sa_handler = [](int) { ++handled; };
  static const int installed = ::sigaction(SIGUSR2, &action, nullptr);
  ASSERT_EQ(installed, 0);
  const int before = handled;
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGUSR2));
  ASSERT_OK(reload_on(SIGUSR2));
  write("debug");
  ::raise(SIGUSR2);
  EXPECT_EQ(handled, before + 1);
  EXPECT_TRUE(eventually([] { return takes(Level::debug); }));
}

TEST_F(ReloadOn, ShutdownEndsTheThreadAndTheNextInitStartsItAgain) {
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGHUP));
  const long before = entries_in("/proc/self/task");
  shutdown();
  EXPECT_TRUE(
      eventually([&] { return entries_in("/proc/self/task") == before - 1; }));
  write("debug");
  ::raise(SIGHUP);
  EXPECT_FALSE(takes(Level::debug));
  write("warning");
  ASSERT_OK(init(file_));
  write("debug");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([] { return takes(Level::debug); }));
}

TEST_F(ReloadOn, ShutdownWaitsForAReloadThatRuns) {
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGHUP));
  SlowToOpen::hangs = true;
  write("info", slow(1));
  ::raise(SIGHUP);
  ASSERT_TRUE(eventually([] { return SlowToOpen::is_opening.load(); }));
  std::atomic<bool> is_down{false};
  std::thread closes([&] {
    shutdown();
    is_down = true;
  });
  EXPECT_FALSE(is_down);
  SlowToOpen::hangs = false;
  closes.join();
  EXPECT_NE(stats().find("b"), nullptr) << "and what it made is closed then";
}

// A child has no such thread until it asks for one, and does not wake up that
// of its parent.
TEST_F(ReloadOn, AChildOfAForkDuringAReloadLogsAndMayLoadAndReload) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGHUP));
  SlowToOpen::hangs = true;
  write("info", slow(2));
  ::raise(SIGHUP);
  ASSERT_TRUE(eventually([] { return SlowToOpen::is_opening.load(); }));
  EXPECT_TRUE(in_child([&] {
    SlowToOpen::hangs = false;
    ::raise(SIGHUP);  // leads nowhere yet
    info("from-the-child");
    if (!init(file_).ok() || stats().find("b") == nullptr) return false;
    write("debug");
    ::raise(SIGHUP);
    return eventually([] { return takes(Level::debug); }) && shutdown().ok();
  }));
  EXPECT_TRUE(SlowToOpen::is_opening);
  SlowToOpen::hangs = false;
  EXPECT_TRUE(eventually(
      [] { return takes(Level::debug) || stats().find("b") != nullptr; }));
}

// What a diagnostic function does while the configuration is read again.
void try_everything(std::string_view, void* results) {
  auto& codes = *static_cast<std::atomic<int>*>(results);
  if (init().code() == Code::invalid) ++codes;
  if (init_text("").code() == Code::invalid) ++codes;
  if (shutdown().code() == Code::invalid) ++codes;
  info("logged");
}

TEST_F(ReloadOn, AReloadFromTheHandlerOfAnErrorIsRefused) {
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGHUP));
  std::atomic<int> refused{0};
  set_diagnostics(&try_everything, &refused);
  write("loud");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([&] { return refused == 3; }));
  EXPECT_FALSE(init(file_).ok());
  EXPECT_EQ(refused, 6) << "and so in a call of init()";
  EXPECT_EQ(stats().find("a")->written, 2U);
}

TEST_F(ReloadOn, ManySignalsUnderLoadLoseNothing) {
  write("info");
  ASSERT_OK(init(file_));
  ASSERT_OK(reload_on(SIGHUP));
  std::atomic<bool> is_over{false};
  std::uint64_t logged = 0;
  std::thread logs([&] {
    while (!is_over) {
      info("event");
      ++logged;
    }
  });
  const long before = entries_in("/proc/self/fd");
  for (int i = 0; i < 300; ++i) {
    ::raise(SIGHUP);
    if (i % 50 == 0) std::this_thread::yield();
  }
  write("debug");
  ::raise(SIGHUP);
  EXPECT_TRUE(eventually([] { return takes(Level::debug); }));
  is_over = true;
  logs.join();
  EXPECT_EQ(stats().find("a")->written, logged);
  EXPECT_LE(entries_in("/proc/self/fd"), before + 1);
}

}  // namespace
}  // namespace stogger
