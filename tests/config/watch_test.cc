// watch = true: the file of init() is read again when it changes.
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "support/entries.h"
#include "support/eventually.h"
#include "support/temp_folder.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

namespace fs = std::filesystem;

class Watch : public ::testing::Test {
 protected:
  Watch() {
    set_diagnostics(
        [](std::string_view line, void* self) {
          auto& test = *static_cast<Watch*>(self);
          const std::lock_guard lock(test.mutex_);
          test.lines_.emplace_back(line);
        },
        this);
    fs::create_directory(folder_.file("etc"));
  }
  ~Watch() override {
    shutdown();
    set_diagnostics(nullptr);
    EXPECT_OK(init());
  }

  static std::string toml(std::string_view level, bool watches = true) {
    return "[stogger]\nlog_to_console = false\nwatch = " +
           std::string(watches ? "true" : "false") + "\nlevel = \"" +
           std::string(level) + "\"\n[stogger.sinks.a]\ntype = \"memory\"\n";
  }
  void begin() {
    write_file(file_, toml("info"));
    ASSERT_OK(init(file_));
  }
  // Puts a new file in its place, as a whole.
  void replace(std::string_view text) {
    write_file(file_ + ".new", text);
    fs::rename(file_ + ".new", file_);
  }
  static bool comes(Level level) {
    return eventually([&] {
      return logger().enabled(level) &&
             (level == Level::trace || !logger().enabled(static_cast<Level>(
                                           static_cast<int>(level) - 1)));
    });
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  bool says(std::string_view part) const {
    return eventually([&] {
      return !lines().empty() && lines().back().find(part) != std::string::npos;
    });
  }

  TempFolder folder_;
  const std::string file_ = folder_.file("etc/c.toml");

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(Watch, AFileThatIsWrittenInPlaceIsReadAgain) {
  begin();
  info("one");
  write_file(file_, toml("debug"));
  EXPECT_TRUE(comes(Level::debug));
  write_file(file_, toml("warning"));
  EXPECT_TRUE(comes(Level::warning));
  EXPECT_EQ(stats().find("a")->written, 1U) << "the sink stays open";
  EXPECT_TRUE(lines().empty());
}

TEST_F(Watch, AFileThatIsReplacedIsReadAgain) {
  begin();
  for (const char* level : {"debug", "warning", "debug"}) {
    replace(toml(level));
    EXPECT_TRUE(comes(level == std::string_view("debug") ? Level::debug
                                                         : Level::warning));
  }
  EXPECT_TRUE(lines().empty());
}

TEST_F(Watch, ABrokenFileIsReportedOnceAndChangesNothing) {
  begin();
  replace("[stogger]\nlevel = 7\n");
  EXPECT_TRUE(says(file_ + ":2:1: "));
  EXPECT_TRUE(comes(Level::info));
  replace(toml("debug"));
  EXPECT_TRUE(comes(Level::debug));
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(Watch, AFileThatVanishesOrIsAFolderIsReportedAndReadWhenItIsBack) {
  begin();
  fs::remove(file_);
  EXPECT_TRUE(says("No such file or directory; the configuration that runs"));
  fs::create_directory(file_);
  EXPECT_TRUE(says("is a folder, not a TOML file; the configuration"));
  EXPECT_TRUE(comes(Level::info));
  fs::remove(file_);
  replace(toml("debug"));
  EXPECT_TRUE(comes(Level::debug));
}

TEST_F(Watch, ItsFolderMayBeReplacedToo) {
  begin();
  fs::rename(folder_.file("etc"), folder_.file("old"));
  EXPECT_TRUE(says("cannot be read"));
  fs::create_directory(folder_.file("etc"));
  replace(toml("debug"));
  EXPECT_TRUE(comes(Level::debug));
}

// As Kubernetes does it: FILE -> data/FILE, and data -> a folder.
TEST_F(Watch, ALinkOnTheWayToItMayBeReplaced) {
  const std::string etc = folder_.file("etc");
  for (const auto& [name, level] :
       {std::pair("/1", "info"), std::pair("/2", "debug")}) {
    fs::create_directory(etc + name);
    write_file(etc + name + "/c.toml", toml(level));
  }
  fs::create_symlink("1", etc + "/data");
  fs::create_symlink("data/c.toml", file_);
  ASSERT_OK(init(file_));
  fs::create_symlink("2", etc + "/next");
  fs::rename(etc + "/next", etc + "/data");
  EXPECT_TRUE(comes(Level::debug));
  write_file(etc + "/2/c.toml", toml("warning"));
  EXPECT_TRUE(comes(Level::warning));
}

TEST_F(Watch, ItEndsWhenTheFileSaysSoAndAtShutdown) {
  begin();
  replace(toml("warning"));
  EXPECT_TRUE(comes(Level::warning));
  const long with = entries_in("/proc/self/fd");
  replace(toml("debug", false));
  EXPECT_TRUE(comes(Level::debug));
  EXPECT_TRUE(eventually([&] { return entries_in("/proc/self/fd") < with; }));
  replace(toml("warning"));
  ASSERT_OK(init(file_));
  shutdown();
  replace(toml("error"));
  EXPECT_TRUE(logger().enabled(Level::warning));
}

TEST_F(Watch, WhatIsNoFileOfInitIsNotWatched) {
  ASSERT_OK(init_text(toml("info")));
  EXPECT_TRUE(says("\"watch\" is for the file of init()"));
  System system;
  write_file(file_, toml("info"));
  ASSERT_OK(system.load(file_));
  EXPECT_EQ(lines().size(), 2U);
}

}  // namespace
}  // namespace stogger
