#include "deliver/delivery.h"

#include <string>

#include "config/reading.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;

class DeliveryKeys : public ConfigTest {
 protected:
  Built build_memory(const std::string& keys, const std::string& head = "") {
    return build_text("[stogger]\nlog_to_console = false\n" + head +
                      "[stogger.sinks.a]\ntype = \"memory\"\n" + keys);
  }
};

TEST_F(DeliveryKeys, AreSynchronousByDefault) {
  const Built built = build_memory("");
  EXPECT_EQ(built.problems, Lines());
  EXPECT_EQ(built.sinks[0].delivery.delivery, Delivery::sync);
}

TEST_F(DeliveryKeys, AllOfThemAreRead) {
  const Built built = build_memory(R"(delivery = "async"
queue_bytes = 100000
when_full = "drop_oldest"
block_ms = 1
batch_rows = 2
batch_bytes = 5000
max_delay_ms = 4
drain_ms = 6
)");
  EXPECT_EQ(built.problems, Lines());
  const DeliverySettings& settings = built.sinks[0].delivery;
  EXPECT_EQ(settings.delivery, Delivery::async);
  EXPECT_EQ(settings.queue_bytes, 131072u);
  EXPECT_EQ(settings.when_full, WhenFull::drop_oldest);
  EXPECT_EQ(settings.longest_block, milliseconds(1));
  EXPECT_EQ(settings.batch_rows, 2u);
  EXPECT_EQ(settings.batch_bytes, 5000u);
  EXPECT_EQ(settings.longest_delay, milliseconds(4));
  EXPECT_EQ(settings.longest_drain, milliseconds(6));
}

TEST_F(DeliveryKeys, OfTheWholeConfigurationAreDefaults) {
  const Built built = build_text(R"([stogger]
log_to_console = false
delivery = "async"
batch_rows = 7
[stogger.sinks.console]
type = "console"
[stogger.sinks.file]
type = "file"
path = "/tmp/stogger-delivery-test/a.log"
[stogger.sinks.other]
type = "file"
path = "/tmp/stogger-delivery-test/b.log"
delivery = "sync"
[stogger.sinks.third]
type = "memory"
delivery = "async"
)");
  EXPECT_EQ(built.problems, Lines());
  ASSERT_EQ(built.names(), Lines({"console", "file", "other", "third"}));
  EXPECT_EQ(built.sinks[0].delivery.delivery, Delivery::sync);
  EXPECT_EQ(built.sinks[1].delivery.delivery, Delivery::async);
  EXPECT_EQ(built.sinks[1].delivery.batch_rows, 7u);
  EXPECT_EQ(built.sinks[2].delivery.delivery, Delivery::sync);
  EXPECT_EQ(built.sinks[3].delivery.delivery, Delivery::async);
}

TEST_F(DeliveryKeys, ThatAreWrongAreProblems) {
  EXPECT_EQ(build_memory("delivery = \"later\"\n").problems.size(), 1u);
  EXPECT_EQ(build_memory("delivery = \"async\"\nqueue_bytes = 1000\n").problems,
            Lines({"c.toml:6:1: \"queue_bytes\" must be between 65536 and "
                   "1073741824, not 1000"}));
  EXPECT_EQ(
      build_memory("delivery = \"async\"\nblock_ms = 10001\n").problems.size(),
      1u);
  EXPECT_EQ(build_memory("delivery = \"async\"\nwhen_full = \"wait\"\n")
                .problems.size(),
            1u);
}

TEST_F(DeliveryKeys, OfAQueueNeedAQueue) {
  EXPECT_EQ(build_memory("queue_bytes = 100000\n").problems,
            Lines({"c.toml:5:1: \"queue_bytes\" is for a queue, which needs "
                   "delivery = \"async\" or \"durable\""}));
}

}  // namespace
}  // namespace stogger
