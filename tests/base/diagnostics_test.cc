#include "base/diagnostics.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stogger/system.h"

namespace stogger {
namespace {

class DiagnosticsTest : public testing::Test {
 protected:
  ~DiagnosticsTest() override { set_diagnostics(nullptr); }

  std::vector<std::string> lines_;
};

void keep(std::string_view line, void* lines) {
  static_cast<std::vector<std::string>*>(lines)->emplace_back(line);
}

TEST_F(DiagnosticsTest, GoToTheFunctionThatWasSet) {
  set_diagnostics(&keep, &lines_);
  report("a sink failed");
  EXPECT_EQ(lines_, std::vector<std::string>{"a sink failed"});
}

TEST_F(DiagnosticsTest, GoToStderrOtherwise) {
  testing::internal::CaptureStderr();
  report("a sink failed");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "stogger: a sink failed\n");

  set_diagnostics(&keep, &lines_);
  set_diagnostics(nullptr);
  testing::internal::CaptureStderr();
  report("again");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "stogger: again\n");
  EXPECT_TRUE(lines_.empty());
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

TEST_F(DiagnosticsTest, AFunctionThatThrowsHarmsNobody) {
  set_diagnostics([](std::string_view, void*) { throw 42; });
  report("a sink failed");
}

}  // namespace
}  // namespace stogger
