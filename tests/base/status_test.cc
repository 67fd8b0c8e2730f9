#include "stogger/status.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace stogger {
namespace {

TEST(StatusTest, DefaultIsOkAndSaysNothing) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::ok);
  EXPECT_EQ(status.message(), "");
}

TEST(StatusTest, KeepsACopyOfTheMessage) {
  std::string message = "open failed";
  const Status status(Code::unavailable, message);
  message.assign(message.size(), 'x');
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(status.message(), "open failed");
}

TEST(StatusTest, CodeOkMakesOkWhateverTheMessage) {
  const Status status(Code::ok, "all is well");
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.message(), "");
}

TEST(StatusTest, AFailureNeedsNoMessage) {
  const Status status(Code::corrupt, {});
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "");
}

TEST(StatusTest, TheMessageIsATextOfC) {
  EXPECT_STREQ(Status().c_str(), "");
  EXPECT_STREQ(Status(Code::corrupt, {}).c_str(), "");
  const std::string_view text = "damaged beyond";
  EXPECT_STREQ(Status(Code::corrupt, text.substr(0, 7)).c_str(), "damaged");
}

TEST(StatusTest, CopiesAreIndependent) {
  Status first(Code::invalid, "first");
  Status second(first);
  first = Status(Code::config, "changed");
  EXPECT_EQ(second.code(), Code::invalid);
  EXPECT_EQ(second.message(), "first");
  second = first;
  EXPECT_EQ(second.message(), "changed");
  EXPECT_EQ(first.message(), "changed");
}

TEST(StatusTest, AssigningToItselfChangesNothing) {
  Status status(Code::invalid, "same");
  const Status& same = status;
  status = same;
  EXPECT_EQ(status.message(), "same");
}

TEST(StatusTest, MovingHandsTheFailureOver) {
  Status first(Code::internal, "moved");
  Status second(std::move(first));
  EXPECT_TRUE(first.ok());
  EXPECT_EQ(second.message(), "moved");
  Status third;
  third = std::move(second);
  EXPECT_EQ(third.code(), Code::internal);
  EXPECT_EQ(third.message(), "moved");
}

TEST(StatusTest, MessagesMayHoldAnyBytes) {
  const std::string bytes("a\0\xff\n", 4);
  EXPECT_EQ(Status(Code::rejected, bytes).message(), bytes);
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(Status(Code::rejected, large).message(), large);
}

}  // namespace
}  // namespace stogger
