// A writer looks at the path, then has to wait for its processor. Meanwhile
// others move the file away and read it. What becomes of the line that comes
// late?
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/sinks/common/moved_kinds.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// Called once, after the next look at a path.
std::function<void()> after_look;

}  // namespace
}  // namespace stogger

extern "C" int statx_of_test(int folder, const char* path, int flags,
                             unsigned mask,
                             struct statx* info) __asm__("statx");
extern "C" int statx_of_test(int folder, const char* path, int flags,
                             unsigned mask, struct statx* info) {
  const auto result =
      static_cast<int>(::syscall(SYS_statx, folder, path, flags, mask, info));
  if (const auto others = std::exchange(stogger::after_look, nullptr)) others();
  return result;
}

namespace stogger {
namespace {

class LateWrite : public ::testing::TestWithParam<MovedKind> {
 protected:
  void SetUp() override {
    std::vector<Field> options = {{"path", path_}};
    if (*GetParam().flush != '\0') {
      options.push_back({"flush", GetParam().flush});
    } else {
      options.push_back({"columns", Json{R"(["line"])"}});
    }
    sink_ = make_or_throw(GetParam().factory, options);
    ASSERT_OK(sink_->open());
    log("one");
    log_late("two");
    ASSERT_EQ(lines_of(moved_), "one two ");
  }

  void log(std::string line) {
    now_.ns += 1000000;
    if (*GetParam().flush != '\0') line += '\n';
    EXPECT_OK(write_to(*sink_, line_rows({line}, now_)));
    if (GetParam().name == std::string("blocks")) EXPECT_OK(sink_->flush());
  }

  // The file is moved after the look, and the line comes late to it.
  void log_late(const std::string& line) {
    after_look = [this] {
      std::filesystem::rename(path_, moved_);
      const auto start = std::chrono::steady_clock::now();
      const auto wait = std::chrono::milliseconds(1);
      while (std::chrono::steady_clock::now() - start < wait) continue;
    };
    log(line);
  }

  // The last write to the moved file was that long ago.
  void age_moved(int seconds) const {
    timespec times[2] = {{0, UTIME_OMIT}, {}};
    ::clock_gettime(CLOCK_REALTIME, &times[1]);
    times[1].tv_sec -= seconds;
    ASSERT_EQ(::utimensat(AT_FDCWD, moved_.c_str(), times, 0), 0);
  }

  bool is_moved_file_open() const {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return std::any_of(begin(files), end(files), [this](const auto& file) {
      std::error_code error;
      return std::filesystem::equivalent(file.path(), moved_, error);
    });
  }

  // "one two ", without a header.
  static std::string lines_of(const std::string& path) {
    std::string text = read_file(path);
    std::erase(text, '\r');
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.starts_with("line ") ? text.substr(5) : text;
  }

  TempFolder folder_;
  const std::string path_ = folder_.file("app.log");
  const std::string moved_ = path_ + ".1";
  Time now_ = kTestTime;
  SinkPtr sink_;
};

TEST_P(LateWrite, IsRepeatedIfTheFileIsDeletedSoon) {
  log("three");
  EXPECT_EQ(lines_of(path_), "three ");
  std::filesystem::remove(moved_);
  log("four");
  EXPECT_EQ(lines_of(path_), "three two four ");
  log("five");
  EXPECT_EQ(lines_of(path_), "three two four five ");
}

TEST_P(LateWrite, IsRepeatedIfTheFileIsDeletedBeforeTheNextLook) {
  std::filesystem::remove(moved_);
  log("three");
  EXPECT_EQ(lines_of(path_), "two three ");
}

TEST_P(LateWrite, IsNotRepeatedIfTheFileIsDeletedMuchLater) {
  log("three");
  age_moved(6);
  std::filesystem::remove(moved_);
  log("four");
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(path_), "three four ");
}

TEST_P(LateWrite, IsNotRepeatedIfTheFileIsKept) {
  log("three");
  age_moved(4);
  log("four");
  EXPECT_TRUE(is_moved_file_open());
  age_moved(6);
  log("five");
  EXPECT_FALSE(is_moved_file_open());
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(moved_), "one two ");
  EXPECT_EQ(lines_of(path_), "three four five ");
}

TEST_P(LateWrite, IsRepeatedAlsoIfThePathIsMovedOnceMore) {
  log("three");
  std::filesystem::remove(moved_);
  std::filesystem::rename(path_, moved_);
  log("four");
  EXPECT_EQ(lines_of(moved_), "three ");
  EXPECT_EQ(lines_of(path_), "two four ");
}

TEST_P(LateWrite, OfTwoFilesIsRepeatedInOrder) {
  log("three");
  std::filesystem::remove(moved_);
  log_late("four");
  std::filesystem::remove(moved_);
  log("five");
  EXPECT_EQ(lines_of(path_), "two four five ");
}

TEST_P(LateWrite, IsRepeatedAtCloseIfTheFileIsDeleted) {
  std::filesystem::remove(moved_);
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(path_), "two ");
}

TEST_P(LateWrite, IsRepeatedAtCloseIfTheFileIsDeletedJustThen) {
  log("three");
  std::jthread deleting([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::filesystem::remove(moved_);
  });
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(path_), "three two ");
}

TEST_P(LateWrite, IsNotRepeatedAtCloseIfTheFileIsKept) {
  log("three");
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(moved_), "one two ");
  EXPECT_EQ(lines_of(path_), "three ");
  EXPECT_FALSE(is_moved_file_open());
}

TEST_P(LateWrite, IsNotRepeatedIfThePathLeadsToTheFileAgain) {
  const std::string elsewhere = folder_.file("elsewhere");
  log("three");
  std::filesystem::rename(path_, elsewhere);
  std::filesystem::rename(moved_, path_);
  log("four");
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(path_), "one two four ");
}

TEST_P(LateWrite, IsNotRepeatedAtCloseIfTheFileWasKeptForLong) {
  log("three");
  age_moved(6);
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(path_), "three ");
}

TEST_P(LateWrite, IsLeftToTheParentProcess) {
  log("three");
  sink_->abandon();
  EXPECT_FALSE(is_moved_file_open());
  std::filesystem::remove(moved_);
  ASSERT_OK(sink_->open());
  log("four");
  EXPECT_OK(sink_->close());
  EXPECT_EQ(lines_of(path_), "three four ");
}

INSTANTIATE_TEST_SUITE_P(Kinds, LateWrite, ::testing::ValuesIn(kMovedKinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace stogger
