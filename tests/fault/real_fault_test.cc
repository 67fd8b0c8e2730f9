// Faults as they happen to a machine: disks that are full or read-only, limits
// that are reached, folders that vanish, rights that are missing. The sink
// loses only what is counted, the others nothing, and it heals by itself.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/fault/subject.h"
#include "tests/support/processes.h"
#include "tests/support/sinks.h"
#include "tests/support/small_disk.h"
#include "tests/support/targets.h"

namespace stogger {
namespace {

// Every commit adds pages to the log of a SQLite database, until it is
// checkpointed.
constexpr std::size_t kDiskSize = 16 * 1024 * 1024;

class RealFaults : public ::testing::TestWithParam<FileKind> {
 protected:
  void start(const std::string& path) {
    subject_ = GetParam().make(path);
    static_cast<void>(system_.add_sink("sink", subject_->make()));
  }
  void log(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      logged_.push_back(prefix + "-" + std::to_string(i));
      log_checked(log_, logged_.back());
      clock_.advance(0.001);
    }
    EXPECT_TRUE(is_balanced(stats()));
  }
  // Logs until events are lost; no more than would fill any of these disks.
  void log_until_it_fails() {
    for (int i = 0; i < 100 && stats().dropped == 0; ++i) {
      log("many" + std::to_string(i), 200);
    }
    EXPECT_GT(stats().dropped, 0U) << "the fault had no effect";
    EXPECT_TRUE(stats().failing);
    EXPECT_EQ(diagnostics_.lines().size(), 1U);
  }
  // Logs some more after the fault, and compares it all.
  void expect_it_heals() {
    clock_.advance(6);
    log("later", 50);
    EXPECT_OK(system_.flush());
    EXPECT_FALSE(stats().failing);
    EXPECT_OK(system_.close());
    expect_target_is_right();
    EXPECT_EQ(count_later(), 50);
    const auto lines = diagnostics_.lines();
    ASSERT_EQ(lines.size(), 2U) << ::testing::PrintToString(lines);
    EXPECT_NE(lines[1].find("works again"), std::string::npos) << lines[1];
    EXPECT_NE(lines[1].find(" " + std::to_string(stats().dropped) + " event"),
              std::string::npos)
        << lines[1] << " but " << stats().dropped << " were dropped";
  }
  void expect_target_is_right() {
    EXPECT_EQ(other_->logged_events(), logged_) << "another sink lacks events";
    const std::vector<std::string> found = subject_->names();
    EXPECT_EQ(found.size(), stats().written);
    for (const auto& [name, count] : count_each(found)) {
      EXPECT_EQ(count, 1) << name;
    }
  }
  std::ptrdiff_t count_later() {
    const auto names = subject_->names();
    return std::count_if(names.begin(), names.end(), [](const auto& name) {
      return name.starts_with("later-");
    });
  }
  SinkStats stats() { return stats_of(system_, "sink"); }

  // Runs a part of a test in a child, which sees limits and users of its own.
  static void in_own_process(const std::function<void()>& body) {
    EXPECT_TRUE(in_child([&] {
      body();
      return !HasFailure();
    }));
  }

  Diagnostics diagnostics_;
  testing::ManualClock clock_{Time{1795225168656642000}};
  TempFolder folder_;
  std::unique_ptr<Subject> subject_;
  System system_{&clock_};
  const std::shared_ptr<Script> other_ = add_scripted(system_, "other");
  const Logger log_ = system_.logger();
  std::vector<std::string> logged_;
};

TEST_P(RealFaults, AFullDisk) {
  SmallDisk disk(kDiskSize);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  start(disk.file("log"));
  log("early", 20);
  EXPECT_OK(system_.flush());
  disk.fill();
  log_until_it_fails();
  disk.make_room();
  expect_it_heals();
  system_ = System();
}

TEST_P(RealFaults, AFlushOnAFullDisk) {
  SmallDisk disk(kDiskSize);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  start(disk.file("log"));
  log("early", 20);
  EXPECT_OK(system_.flush());
  disk.fill();
  log("held", 100);
  const bool holds = stats().pending != 0;
  if (holds) {
    EXPECT_FALSE(system_.flush().ok());
    EXPECT_FALSE(system_.flush().ok());
    EXPECT_FALSE(stats().failing);
    disk.make_room();
    log("later", 5);
    EXPECT_OK(system_.flush());
    EXPECT_EQ(stats().dropped, 0U);
    EXPECT_EQ(stats().written, 125U);
    EXPECT_OK(system_.close());
    expect_target_is_right();
  }
  system_ = System();
  if (!holds) GTEST_SKIP() << "it holds nothing back";
}

TEST_P(RealFaults, ADiskThatIsFullFromTheStart) {
  SmallDisk disk(kDiskSize);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  disk.fill();
  start(disk.file("log"));
  log_until_it_fails();
  disk.make_room();
  expect_it_heals();
  system_ = System();
}

TEST_P(RealFaults, AReadOnlyDisk) {
  SmallDisk disk(kDiskSize);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  disk.set_read_only(true);
  start(disk.file("log"));
  log_until_it_fails();
  disk.set_read_only(false);
  expect_it_heals();
  system_ = System();
}

TEST_P(RealFaults, ALimitOfFileSizes) {
  in_own_process([this] {
    start(folder_.file("log"));
    log("early", 20);
    EXPECT_OK(system_.flush());
    rlimit limit;
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit before = limit;
    limit.rlim_cur = 100000;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    // Seen by sinks that are opened from now on.
    EXPECT_OK(system_.close());
    log_until_it_fails();
    EXPECT_TRUE(std::filesystem::file_size(folder_.file("log")) <= 100000);
    ::setrlimit(RLIMIT_FSIZE, &before);
    expect_it_heals();
  });
}

TEST_P(RealFaults, NoDescriptorLeft) {
  in_own_process([this] {
    rlimit limit;
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit before = limit;
    limit.rlim_cur = static_cast<rlim_t>(::dup(0));  // the next one
    ::close(static_cast<int>(limit.rlim_cur));
    ::setrlimit(RLIMIT_NOFILE, &limit);
    start(folder_.file("log"));
    log_until_it_fails();
    ::setrlimit(RLIMIT_NOFILE, &before);
    expect_it_heals();
  });
}

TEST_P(RealFaults, MissingRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  in_own_process([this] {
    constexpr uid_t kNobody = 65534;
    ::chmod(folder_.path().c_str(), 0755);
    ASSERT_EQ(::seteuid(kNobody), 0);
    start(folder_.file("log"));
    log_until_it_fails();
    ASSERT_EQ(::seteuid(0), 0);
    expect_it_heals();
  });
}

TEST_P(RealFaults, AFileWhereTheFolderShouldBe) {
  write_file(folder_.file("a"), "");
  start(folder_.file("a/log"));
  log_until_it_fails();
  std::filesystem::remove(folder_.file("a"));
  expect_it_heals();
}

TEST_P(RealFaults, AFolderWhereTheFileShouldBe) {
  std::filesystem::create_directory(folder_.file("log"));
  start(folder_.file("log"));
  log_until_it_fails();
  std::filesystem::remove(folder_.file("log"));
  expect_it_heals();
}

// What went to the deleted files is lost without a fault that could be seen.
TEST_P(RealFaults, AFolderThatIsDeletedIsMadeAgainWithinASecond) {
  start(folder_.file("a/log"));
  log("early", 20);
  EXPECT_OK(system_.flush());
  std::filesystem::remove_all(folder_.file("a"));
  clock_.advance(1);
  log("later", 20);
  EXPECT_OK(system_.flush());
  EXPECT_OK(system_.close());
  EXPECT_EQ(other_->logged_events(), logged_);
  EXPECT_EQ(count_later(), 20);
}

INSTANTIATE_TEST_SUITE_P(Fault, RealFaults, ::testing::ValuesIn(file_kinds()),
                         [](const auto& test) {
                           return std::string(test.param.name);
                         });

TEST(DeviceFaults, AFullDeviceTakesNothingAndHarmsNobody) {
  const Diagnostics diagnostics;
  System system;
  const auto other = add_scripted(system, "other");
  SinkPtr sink;
  ASSERT_OK(make_sink("jsonl", {{"path", "/dev/full"}}, &sink));
  static_cast<void>(system.add_sink("full", std::move(sink)));
  const Logger log = system.logger();
  for (int i = 0; i < 1000; ++i) log.info("event");
  EXPECT_EQ(stats_of(system, "full").dropped, 1000U);
  EXPECT_EQ(stats_of(system, "full").written, 0U);
  EXPECT_EQ(other->logged_events().size(), 1000U);
  ASSERT_EQ(diagnostics.lines().size(), 1U);
  EXPECT_NE(diagnostics.lines()[0].find("No space left"), std::string::npos)
      << diagnostics.lines()[0];
}

}  // namespace
}  // namespace stogger
