#include "os/diagnostics.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "stogger/diagnostics.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

class DiagnosticsTest : public ::testing::Test {
 protected:
  ~DiagnosticsTest() override { set_diagnostics(nullptr); }

  std::vector<std::string> lines_;
};

// Lines of stderr, without when they were written and by which program.
std::string captured_stderr() {
  const std::regex begin("stogger: 20[0-9-]{8}T[0-9:]{8}Z test_os: ");
  return std::regex_replace(::testing::internal::GetCapturedStderr(), begin,
                            "> ");
}

void keep(std::string_view line, void* lines) {
  static_cast<std::vector<std::string>*>(lines)->emplace_back(line);
}

TEST_F(DiagnosticsTest, GoToTheFunctionThatWasSet) {
  set_diagnostics(&keep, &lines_);
  report("a sink failed");
  EXPECT_EQ(lines_, std::vector<std::string>{"a sink failed"});
}

TEST_F(DiagnosticsTest, GoToStderrOtherwise) {
  ::testing::internal::CaptureStderr();
  report("a sink failed");
  EXPECT_EQ(captured_stderr(), "> a sink failed\n");

  set_diagnostics(&keep, &lines_);
  set_diagnostics(nullptr);
  ::testing::internal::CaptureStderr();
  report("again");
  EXPECT_EQ(captured_stderr(), "> again\n");
  EXPECT_TRUE(lines_.empty());
}

TEST_F(DiagnosticsTest, OnStderrBeginWithTimeAndProgram) {
  EXPECT_EQ(stderr_line(kTestTime, "shop", "a sink failed"),
            "stogger: 2026-11-21T01:39:28Z shop: a sink failed");
}

TEST_F(DiagnosticsTest, AreOneLineWhateverIsInThem) {
  set_diagnostics(&keep, &lines_);
  report(
      "a\nb\r\x1b[31mc\xFF\xC2\x9B"
      "d\xC3\xA4");
  const std::string mark = "\xEF\xBF\xBD";
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0], "a" + mark + "b" + mark + mark + "[31mc" + mark + mark +
                           "d\xC3\xA4");
}

TEST_F(DiagnosticsTest, HaveNothingThatHidesOrReordersText) {
  set_diagnostics(&keep, &lines_);
  // A directional override, a line separator, a zero-width space, a byte order
  // mark and a tag.
  report(
      "a\u202E"
      "b\u2028"
      "c\u200B"
      "d\uFEFF"
      "e\U000E0041"
      "f");
  const std::string mark = "\uFFFD";
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0], "a" + mark + "b" + mark + "c" + mark + "d" + mark + "e" +
                           mark + "f");
}

TEST_F(DiagnosticsTest, AreShortWhateverAServerSays) {
  set_diagnostics(&keep, &lines_);
  std::string text = "sink 'pg' (postgres): ";
  for (int i = 0; i < 2000; ++i) text += "\u4E2D";
  report(text + "; events are dropped");
  ASSERT_EQ(lines_.size(), 1u);
  const std::string& line = lines_[0];
  EXPECT_LE(line.size(), 500u);
  EXPECT_GT(line.size(), 490u);
  EXPECT_TRUE(is_clean_text(line)) << line;
  EXPECT_TRUE(line.starts_with("sink 'pg' (postgres): ")) << line;
  EXPECT_TRUE(line.ends_with("; events are dropped")) << line;
  EXPECT_NE(line.find("[...]"), std::string::npos) << line;
}

TEST_F(DiagnosticsTest, AFunctionThatThrowsHarmsNobody) {
  set_diagnostics([](std::string_view, void*) { throw 42; });
  report("a sink failed");
  set_diagnostics(&keep, &lines_);
  report("it works again");
  EXPECT_EQ(lines_, std::vector<std::string>{"it works again"});
}

// It would come back without an end.
TEST_F(DiagnosticsTest, AReportFromInsideTheFunctionGoesToStderr) {
  set_diagnostics(
      [](std::string_view line, void* lines) {
        static_cast<std::vector<std::string>*>(lines)->emplace_back(line);
        report("from inside");
      },
      &lines_);
  ::testing::internal::CaptureStderr();
  report("first");
  report("second");
  EXPECT_EQ(captured_stderr(), "> from inside\n> from inside\n");
  EXPECT_EQ(lines_, (std::vector<std::string>{"first", "second"}));
}

}  // namespace
}  // namespace stogger
