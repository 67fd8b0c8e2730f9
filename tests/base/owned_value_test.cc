#include "base/owned_value.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace stogger {
namespace {

TEST(OwnedValueTest, KeepsEveryKind) {
  EXPECT_TRUE(OwnedValue(nullptr).view().is_null());
  EXPECT_TRUE(OwnedValue(true).view().boolean());
  EXPECT_EQ(OwnedValue(-5).view().integer(), -5);
  EXPECT_EQ(OwnedValue(std::numeric_limits<std::uint64_t>::max())
                .view()
                .unsigned_integer(),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(OwnedValue(0.5).view().real(), 0.5);
  EXPECT_EQ(OwnedValue(Time{3}).view().time(), Time{3});
  std::string text = "abc";
  const OwnedValue owned(text);
  text = "xyz";
  EXPECT_EQ(owned.view().text(), "abc");
  EXPECT_EQ(OwnedValue(Json{"[]"}).view().kind(), Kind::json);
}

TEST(OwnedValueTest, ACopyKeepsItsOwnText) {
  auto first = std::make_unique<OwnedValue>(Json{"[1]"});
  const OwnedValue copy = *first;
  first.reset();
  EXPECT_EQ(copy.text(), "[1]");
  EXPECT_EQ(copy.view().text(), "[1]");
}

}  // namespace
}  // namespace stogger
