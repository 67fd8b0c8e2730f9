// The header traceparent, as https://www.w3.org/TR/trace-context/ has it.
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"

namespace stogger {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";
const std::string kValid = "00-" + kTrace + "-" + kSpan + "-01";

std::string ids_of(const std::string& header) {
  const TraceContext trace = trace_context(header);
  return std::string(trace.trace_id()) + ' ' + std::string(trace.span_id());
}

TEST(TraceContextTest, TheIdsAreThoseOfTheHeader) {
  EXPECT_EQ(ids_of(kValid), kTrace + ' ' + kSpan);
  EXPECT_EQ(ids_of("00-" + kTrace + "-" + kSpan + "-00"), kTrace + ' ' + kSpan);
}

TEST(TraceContextTest, OfLaterVersionsTheRestIsLeftOut) {
  for (const std::string rest : {"-01", "-01-", "-01-what-the-future-brings"}) {
    EXPECT_EQ(ids_of("cc-" + kTrace + "-" + kSpan + rest), kTrace + ' ' + kSpan)
        << rest;
  }
}

TEST(TraceContextTest, AHeaderThatIsNotValidHasNone) {
  const std::string zeros(32, '0');
  for (const std::string& header :
       {std::string(), std::string("00"), std::string(55, '-'),
        // lengths
        kValid + "0", kValid + "-", kValid.substr(0, 54), " " + kValid,
        "cc-" + kTrace + "-" + kSpan + "-01.x",
        "cc-" + kTrace + "-" + kSpan + "-0",
        // versions
        "ff-" + kTrace + "-" + kSpan + "-01",
        "0x-" + kTrace + "-" + kSpan + "-01",
        // ids of zeros
        "00-" + zeros + "-" + kSpan + "-01",
        "00-" + kTrace + "-" + zeros.substr(0, 16) + "-01",
        // upper case, and other letters
        "00-" + kTrace.substr(0, 31) + "A-" + kSpan + "-01",
        "00-" + kTrace + "-" + kSpan.substr(0, 15) + "B-01",
        "00-" + kTrace + "-" + kSpan.substr(0, 15) + "g-01",
        "00-" + kTrace + "-" + kSpan + "-0X",
        "0A-" + kTrace + "-" + kSpan + "-01",
        "00-" + kTrace.substr(0, 31) + std::string(1, '\0') + "-" + kSpan +
            "-01",
        // separators
        "00_" + kTrace + "-" + kSpan + "-01",
        "00-" + kTrace + "_" + kSpan + "-01",
        "00-" + kTrace + "-" + kSpan + "_01"}) {
    EXPECT_EQ(ids_of(header), " ") << header;
    const TraceContext none = trace_context(header);
    EXPECT_EQ(Fields(none).size(), 0U) << header;
  }
}

class TraceContextOfEvents : public ::testing::Test {
 protected:
  bool has_ids() const {
    return capture_.has(Level::info, "e",
                        {{"trace_id", kTrace}, {"span_id", kSpan}});
  }

  System system_;
  testing::Capture capture_{system_};
  Logger log_ = system_.logger();
};

TEST_F(TraceContextOfEvents, FieldsOfAScope) {
  const Scope scope(log_, "request", trace_context(kValid));
  log_.info("e");
  EXPECT_TRUE(has_ids());
}

TEST_F(TraceContextOfEvents, FieldsOfALogger) {
  log_.with(trace_context(kValid)).info("e");
  EXPECT_TRUE(has_ids());
}

TEST_F(TraceContextOfEvents, FieldsOfACall) {
  log_.info("e", trace_context(kValid));
  EXPECT_TRUE(has_ids());
}

TEST_F(TraceContextOfEvents, ItOwnsItsTextAndSoDoCopies) {
  auto* const header = new std::string(kValid);
  auto* const first = new TraceContext(trace_context(*header));
  delete header;
  TraceContext second = *first;
  TraceContext third;
  third = second;
  delete first;
  log_.info("e", second);
  EXPECT_TRUE(has_ids());
  capture_.clear();
  second = trace_context("");
  log_.info("e", third);
  EXPECT_TRUE(has_ids());
  EXPECT_EQ(second.trace_id(), "");
}

TEST_F(TraceContextOfEvents, AHeaderThatIsNotValidAddsNoFields) {
  log_.with(trace_context("nonsense")).info("e");
  EXPECT_TRUE(capture_.events().at(0).fields.empty());
}

}  // namespace
}  // namespace stogger
