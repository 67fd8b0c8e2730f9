// Pipes across fork(), and at the end of the program.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "sample/collecting_sink.h"
#include "sample/in_child.h"
#include "sample/numbered.h"
#include "stogger/diagnostics.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"
#include "stogger/testing.h"
#include "support/sanitizer.h"
#include "support/sinks.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

class PipeProcessTest : public ::testing::Test {
 protected:
  CollectingSink sink_;
  testing::ManualClock clock_;
  TempFolder folder_;
};

TEST_F(PipeProcessTest, InAChildAPipeIsOfNoUse) {
  Pipe pipe(sink_, {.clock = &clock_});
  EXPECT_OK(pipe.push(Numbered(0)));
  const int result = in_child([&] {
    const bool refused = pipe.push(Numbered(1)).code() == Code::invalid &&
                         pipe.flush().code() == Code::invalid &&
                         pipe.finish().code() == Code::invalid;
    pipe.~Pipe();
    // Another generation.
    if (const pid_t child = ::fork(); child == 0) ::_exit(0);
    return refused && sink_.abandoned == 1 ? 7 : 1;
  });
  EXPECT_EQ(result, 7);
  EXPECT_EQ(sink_.abandoned, 0);
  EXPECT_OK(pipe.push(Numbered(1)));
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(sink_.numbers(), sequence(2));
}

TEST_F(PipeProcessTest, AChildCanMakeAPipeOfItsOwn) {
  if (kThreadsSanitized) GTEST_SKIP() << kThreadsMayBeMixedUp;
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  Pipe pipe(sink_);
  EXPECT_EQ(in_child([] {
              CollectingSink sink;
              return stogger::pipe(numbered(3), sink).ok() &&
                             sink.numbers().size() == 3
                         ? 7
                         : 1;
            }),
            7);
}

TEST_F(PipeProcessTest, AForkDuringAWriteDoesNotHang) {
  sink_.hold();
  Pipe pipe(sink_, {.batch_size = 1});
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_EQ(in_child([] { return 7; }), 7);
  sink_.let_go();
  EXPECT_OK(pipe.finish());
}

TEST_F(PipeProcessTest, WhatIsLeftAtExitIsWritten) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    static int out = ends[1];
    auto* const sink = new CollectingSink;
    sink->on_write = [](std::size_t) {
      return Status(::write(out, "w", 1) == 1 ? Code::unavailable : Code::ok,
                    "");
    };
    auto* const pipe = new Pipe(*sink);
    static_cast<void>(pipe->push(Numbered(0)));
    set_diagnostics([](std::string_view, void*) {});
    std::exit(0);
  }
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'w');
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
}

TEST_F(PipeProcessTest, AForkLeavesTheSinkOfAFinishedPipeAlone) {
  Pipe pipe(sink_);
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(in_child([&] { return sink_.abandoned == 0 ? 7 : 1; }), 7);
}

TEST_F(PipeProcessTest, AForkLeavesTheSinkOfARefusedPipeAlone) {
  Pipe pipe(sink_, {.batch_size = 0});
  EXPECT_FALSE(pipe.finish().ok());
  EXPECT_EQ(in_child([&] { return sink_.abandoned == 0 ? 7 : 1; }), 7);
}

TEST_F(PipeProcessTest, ASinkMayForkAtTheEndOfTheProgram) {
  EXPECT_EQ(in_child([&] {
              sink_.on_write = [](std::size_t) {
                EXPECT_EQ(in_child([] { return 3; }), 3);
                return Status();
              };
              auto* const pipe = new Pipe(sink_, {.clock = &clock_});
              static_cast<void>(pipe->push(Numbered(0)));
              std::exit(7);
              return 1;
            }),
            7);
}

TEST_F(PipeProcessTest, ASinkMayMakeAPipeAtTheEndOfTheProgram) {
  EXPECT_EQ(in_child([&] {
              sink_.on_write = [](std::size_t) {
                CollectingSink another;
                return pipe(numbered(3), another);
              };
              auto* const pipe = new Pipe(sink_, {.clock = &clock_});
              static_cast<void>(pipe->push(Numbered(0)));
              std::exit(7);
              return 1;
            }),
            7);
}

TEST_F(PipeProcessTest, AFailureThatWasReturnedIsNotReportedAtExit) {
  EXPECT_EQ(in_child([&] {
              sink_.on_write = [](std::size_t) {
                return Status(Code::unavailable, "no");
              };
              auto* const pipe = new Pipe(sink_);
              static_cast<void>(pipe->push(Numbered(0)));
              if (pipe->flush().ok()) return 1;
              set_diagnostics([](std::string_view, void*) { ::_exit(2); });
              std::exit(7);
              return 1;
            }),
            7);
}

TEST_F(PipeProcessTest, ASinkThatGoesEarlierAtExitIsWrittenBefore) {
  const std::string path = folder_.file("late.csv");
  EXPECT_EQ(in_child([&] {
              // What the first pipe leaves to be done at exit comes after the
              // end of the second sink.
              static_cast<void>(Pipe(sink_).finish());
              static SinkPtr late;
              if (!make_sample_sink(CsvConfig{.path = path}, &late).ok()) {
                return 1;
              }
              auto* const pipe = new Pipe(*late, {.clock = &clock_});
              static_cast<void>(pipe->push(Numbered(0)));
              std::exit(7);
              return 1;
            }),
            7);
  EXPECT_NE(read_file(path), "");
}

}  // namespace
}  // namespace stogger
