#include "deliver/verdicts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stogger {
namespace {

class VerdictsTest : public ::testing::Test {
 protected:
  Verdicts& expecting(std::size_t rows) {
    rows_.row_count = rows;
    said_.expect(rows_);
    return said_;
  }

  DeadLetters none_;
  const std::vector<HiddenValue> hidden_{};
  RowBatch rows_;
  Verdicts said_{none_, hidden_};
};

TEST_F(VerdictsTest, OfSeveralRowsTheLastReasonAndTheirNumberAreKept) {
  Verdicts& said = expecting(4);
  EXPECT_TRUE(said.is_empty());
  said.refuse(3, "too long");
  EXPECT_EQ(said.failures(), "too long");
  said.refuse(0, "too wide");
  said.in_doubt(1);
  said.in_doubt(2);
  EXPECT_FALSE(said.is_empty());
  EXPECT_EQ(said.refused(), 2u);
  EXPECT_EQ(said.counts().in_doubt, 2u);
  EXPECT_EQ(said.failures(),
            "too wide (the last of 2 rows refused); no answer came for 2 rows, "
            "which may be stored or not");
  EXPECT_EQ(said.notices(), "");
}

TEST_F(VerdictsTest, NoMoreRowsGetAVerdictThanThereAre) {
  Verdicts& said = expecting(2);
  for (int i = 0; i < 3; ++i) said.refuse(0, "no");
  said.in_doubt(1);
  said.in_doubt(2);
  EXPECT_EQ(said.counts().total(), 2u);
  EXPECT_NE(said.notices(), "");
}

TEST_F(VerdictsTest, NoticesAreBounded) {
  Verdicts& said = expecting(0);
  const std::string large(3000, 'x');
  for (int i = 0; i < 1000; ++i) said.notice(large);
  EXPECT_FALSE(said.has_failures());
  EXPECT_LT(said.notices().size(), 7000u);
  EXPECT_TRUE(said.notices().ends_with("xx (998 notices left out)"));
}

TEST_F(VerdictsTest, NothingIsLeftAfterClearing) {
  Verdicts& said = expecting(1);
  said.refuse(0, "no");
  said.notice("by the way");
  said.clear();
  EXPECT_TRUE(said.is_empty());
  EXPECT_EQ(said.failures(), "");
  EXPECT_EQ(said.notices(), "");
}

}  // namespace
}  // namespace stogger
