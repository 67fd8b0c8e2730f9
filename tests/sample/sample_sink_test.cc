#include "sample/sample_sink.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "sample/collecting_sink.h"
#include "sample/in_child.h"
#include "sample/numbered.h"
#include "stogger/sample.h"
#include "stogger/testing.h"
#include "support/kept_report.h"
#include "support/sinks.h"

namespace stogger {
namespace {

class SampleSinkTest : public ::testing::Test {
 protected:
  CollectingSink* const inner_ = new CollectingSink;
  SinkPtr sink_{new SampleSink(SinkPtr(inner_), "test", "")};
  testing::ManualClock clock_;
};

TEST_F(SampleSinkTest, AChildLetsGoOfItThoughNoPipeIsThere) {
  EXPECT_OK(pipe(numbered(2), *sink_));
  EXPECT_EQ(in_child([&] {
              return inner_->abandoned == 1 &&
                             sink_->flush().code() == Code::invalid &&
                             write_to(*sink_, {}).code() == Code::invalid &&
                             sink_->close().ok()
                         ? 7
                         : 1;
            }),
            7);
  EXPECT_EQ(inner_->abandoned, 0);
  EXPECT_OK(pipe(numbered(1), *sink_));
}

TEST_F(SampleSinkTest, AChildLetsGoOfItOnceIfThereIsAPipe) {
  Pipe pipe(*sink_);
  EXPECT_EQ(in_child([&] { return inner_->abandoned == 1 ? 7 : 1; }), 7);
}

TEST_F(SampleSinkTest, AChildMayOpenItAgain) {
  EXPECT_EQ(in_child([&] {
              if (!sink_->open().ok() || !pipe(numbered(2), *sink_).ok()) {
                return 1;
              }
              const int grandchild =
                  in_child([&] { return inner_->abandoned; });
              return grandchild == 2 && inner_->abandoned == 1 ? 7 : 2;
            }),
            7);
}

TEST_F(SampleSinkTest, AChildDoesNotTouchItInTheMiddleOfACall) {
  int result = 0;
  inner_->on_write = [&](std::size_t) {
    result = in_child([&] {
      if (inner_->abandoned != 0 || sink_->open().ok()) return 1;
      sink_.reset();
      return inner_->abandoned == 0 ? 7 : 2;
    });
    return Status();
  };
  EXPECT_OK(pipe(numbered(1), *sink_));
  EXPECT_EQ(result, 7);
}

TEST_F(SampleSinkTest, ItsPipesAreFinishedBeforeItGoes) {
  int written = 0;
  inner_->on_write = [&](std::size_t) {
    ++written;
    return Status();
  };
  Pipe pipe(*sink_, {.clock = &clock_});
  EXPECT_OK(pipe.push(Numbered(0)));
  sink_.reset();
  EXPECT_EQ(written, 1);
  EXPECT_EQ(pipe.push(Numbered(1)).code(), Code::invalid);
  EXPECT_OK(pipe.finish());
}

}  // namespace
}  // namespace stogger
