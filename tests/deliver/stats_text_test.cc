#include "stogger/stats_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stogger/system.h"
#include "tests/deliver/scripted_sink.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(StatsText, HasALineForEachCounterOfEachSink) {
  System system;
  add_scripted(system, "a\"b\\c\nd");
  add_scripted(system, "second", Level::error);
  system.logger().info("event");
  const std::string text = stats_text(system.stats());
  EXPECT_THAT(text,
              StartsWith("# HELP stogger_accepted_total Events that "
                         "passed the level.\n"
                         "# TYPE stogger_accepted_total counter\n"
                         "stogger_accepted_total{sink=\"a\\\"b\\\\c\\nd\","
                         "type=\"custom\"} 1\n"
                         "stogger_accepted_total{sink=\"second\",type="
                         "\"custom\"} 0\n# HELP "));
  EXPECT_THAT(text, HasSubstr("# TYPE stogger_pending gauge\n"));
  EXPECT_THAT(text, ::testing::EndsWith("\nstogger_suppressed_total 0\n"));
}

TEST(StatsText, OfNoSinksIsHelpAlone) {
  EXPECT_THAT(stats_text(Stats()), HasSubstr("# TYPE stogger_failing gauge\n"));
}

}  // namespace
}  // namespace stogger
