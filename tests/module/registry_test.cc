#include "module/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/kept_report.h"

namespace stogger {
namespace {

class NullSink final : public Sink {
 public:
  Status write(const RowBatch&, WriteReport&) override { return {}; }
};

Status make_null(Options&, SinkPtr* sink) {
  sink->reset(new NullSink);
  return {};
}

Status make_nothing(Options&, SinkPtr*) { return {}; }

Status throw_text(Options&, SinkPtr*) { throw std::runtime_error("no luck"); }

Status throw_number(Options&, SinkPtr*) { throw 7; }

TEST(RegistryTest, KnowsTheBuiltInTypes) {
  const std::vector<std::string> types = sink_types();
  for (const char* type :
       {"console", "csv", "file", "journald", "jsonl", "memory", "sqlite"}) {
    EXPECT_NE(std::find(types.begin(), types.end(), type), types.end()) << type;
  }
  EXPECT_TRUE(std::is_sorted(types.begin(), types.end()));
}

TEST(RegistryTest, RegisteredTypeCanBeMade) {
  ASSERT_TRUE(register_sink("registry-test-null", &make_null).ok());
  SinkPtr sink;
  ASSERT_TRUE(make_sink("registry-test-null", {}, &sink).ok());
  EXPECT_TRUE(write_to(*sink, {}).ok());
}

TEST(RegistryTest, TakenNameIsRefused) {
  ASSERT_TRUE(register_sink("registry-test-taken", &make_null).ok());
  const Status again = register_sink("registry-test-taken", &make_null);
  EXPECT_EQ(again.code(), Code::invalid);
  EXPECT_EQ(again.message(),
            "register_sink: there is a sink type \"registry-test-taken\" "
            "already");
  EXPECT_FALSE(register_sink("console", &make_null).ok());
}

TEST(RegistryTest, SenselessRegistrationIsRefused) {
  EXPECT_FALSE(register_sink("", &make_null).ok());
  EXPECT_FALSE(register_sink("\xFF", &make_null).ok());
  EXPECT_FALSE(register_sink("registry-test-no-factory", nullptr).ok());
}

TEST(RegistryTest, UnknownTypeNamesTheNearestAndTheRest) {
  SinkPtr sink;
  const Status status = make_sink("sqllite", {}, &sink);
  EXPECT_EQ(status.code(), Code::invalid);
  EXPECT_TRUE(status.message().starts_with(
      "unknown sink type \"sqllite\" (did you mean \"sqlite\"?); there are "
      "\"console\", \"csv\", "))
      << status.message();
  EXPECT_NE(status.message().find(", and there is no stogger_sqllite.so in /"),
            std::string_view::npos)
      << status.message();
  EXPECT_EQ(make_sink("No Module", {}, &sink).message().find(".so"),
            std::string_view::npos);
  EXPECT_FALSE(sink);
  EXPECT_NE(make_sink("postgre", {}, &sink).message().find("\"postgres\"?"),
            std::string_view::npos);
}

TEST(RegistryTest, OptionsTheFactoryDidNotAskForAreRefused) {
  ASSERT_TRUE(register_sink("registry-test-careless", &make_null).ok());
  SinkPtr sink;
  const Status status =
      make_sink("registry-test-careless", {{"size", 1}}, &sink);
  EXPECT_EQ(status.message(),
            "registry-test-careless sink: unknown option \"size\"");
  EXPECT_FALSE(sink);
}

TEST(RegistryTest, FactoryMayFailInEveryWay) {
  ASSERT_TRUE(register_sink("registry-test-nothing", &make_nothing).ok());
  ASSERT_TRUE(register_sink("registry-test-text", &throw_text).ok());
  ASSERT_TRUE(register_sink("registry-test-number", &throw_number).ok());
  SinkPtr sink;
  EXPECT_EQ(make_sink("registry-test-nothing", {}, &sink).message(),
            "its factory made no sink");
  EXPECT_EQ(make_sink("registry-test-text", {}, &sink).message(), "no luck");
  EXPECT_EQ(make_sink("registry-test-number", {}, &sink).message(),
            "its factory threw an exception");
  EXPECT_FALSE(sink);
}

TEST(RegistryTest, ThreadsMayRegisterAndMakeAtOnce) {
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &made] {
      for (int i = 0; i < 50; ++i) {
        const std::string type = "registry-test-thread-" + std::to_string(t) +
                                 "-" + std::to_string(i);
        SinkPtr sink;
        if (register_sink(type, &make_null).ok() &&
            make_sink(type, {}, &sink).ok() &&
            make_sink("memory", {}, &sink).ok()) {
          ++made;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 200);
}

}  // namespace
}  // namespace stogger
