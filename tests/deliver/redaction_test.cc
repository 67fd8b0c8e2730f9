// redact_keys and redact_values, from the TOML to what lies on the disk.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "event/value_patterns.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/processes.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr std::string_view kSecret = "4111111111111111";

class RedactionOnTheDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ValuePatterns::is_built_in()) GTEST_SKIP() << "built without RE2";
    static const Status registered =
        register_sink("redaction-test", [](Options&, SinkPtr* sink) {
          sink->reset(new ScriptedSink(script_));
          return Status();
        });
    ASSERT_OK(registered);
    script_ = std::make_shared<Script>();
  }
  void load(System& system, const std::string& sink,
            const std::string& settings = {}) {
    ASSERT_OK(system.load_text(
        "[stogger]\nlog_to_console = false\nredact_keys = [\"card*\"]\n"
        "redact_values = ['\\b\\d{16}\\b', 'tok_\\w+']\n" +
            settings +
            "\n[stogger.fields]\nowner = "
            "\"tok_field\"\n[stogger.sinks.sink]\n" +
            sink,
        "c.toml"));
  }
  static void log(const System& system) {
    const Logger log = system.logger("http").with({{"bound", "tok_bound"}});
    const Scope scope(log, "request", {{"client", "tok_scope"}});
    log.info("paid", {{"n", 1}, {"text", "card 4111111111111111."}},
             "used tok_template, {text}");
    system.logger().info("plain", {{"text", kSecret}});
    system.logger().info("json", {{"list", Json{"[[\"tok_json\"]]"}}});
    system.logger().info("key", {{"card_number", 5}, {"carD", kSecret}});
    try {
      throw std::runtime_error("refused: tok_exception");
    } catch (const std::exception&) {
      log.exception("failed");
    }
  }
  // The names of files with a secret, and how many files there are.
  static std::string files_with_secrets(const std::string& folder, int* count) {
    std::string names;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      ++*count;
      const std::string bytes = read_file(entry.path());
      if (bytes.find(kSecret) != std::string::npos ||
          bytes.find("tok_") != std::string::npos) {
        names += entry.path().string() + ' ';
      }
    }
    return names;
  }

  static inline std::shared_ptr<Script> script_;
  TempFolder folder_;
  Diagnostics diagnostics_;
};

TEST_F(RedactionOnTheDisk, NoSecretIsInAFile) {
  System system;
  load(system, "type = \"jsonl\"\npath = \"" + folder_.file("log") + "\"\n");
  log(system);
  EXPECT_OK(system.flush());
  int count = 0;
  EXPECT_EQ(files_with_secrets(folder_.path(), &count), "");
  EXPECT_EQ(count, 1);
  const std::string text = read_file(folder_.file("log"));
  for (const char* part :
       {"\"text\":\"card [REDACTED].\"", "\"bound\":\"[REDACTED]\"",
        "\"client\":\"[REDACTED]\"", "\"owner\":\"[REDACTED]\"",
        "\"message\":\"used [REDACTED], card [REDACTED].\"",
        "\"list\":[[\"[REDACTED]\"]]", "\"card_number\":\"[REDACTED]\"",
        "\"exception_msg\":\"refused: [REDACTED]\""}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  }
}

// Neither in the ring, which is a file, nor in what follows when it is full.
TEST_F(RedactionOnTheDisk, NoSecretIsInAQueue) {
  script_->on_write = [](const RowBatch&) {
    return Status(Code::unavailable, "the target is away");
  };
  System system;
  load(system,
       "type = \"redaction-test\"\ndelivery = \"durable\"\nqueue_bytes = "
       "65536\nspool_dir = \"" +
           folder_.file("spool") + "\"\ndrain_ms = 50\n");
  log(system);
  int count = 0;
  EXPECT_EQ(files_with_secrets(folder_.path(), &count), "");
  EXPECT_GE(count, 1);
  while (stats_of(system, "sink").spooled < 1000) log(system);
  count = 0;
  EXPECT_EQ(files_with_secrets(folder_.path(), &count), "");
  EXPECT_GE(count, 2);
  EXPECT_EQ(stats_of(system, "sink").dropped, 0U);
  static_cast<void>(system.close());
}

// Another thread may just then hold the lock of what RE2 keeps of searches;
// this pattern and text are made for that.
TEST_F(RedactionOnTheDisk, AChildIsNotHeldUpByASearchOfItsParent) {
  System system;
  ASSERT_OK(system.load_text(
      "[stogger]\nlog_to_console = false\nredact_values = ['a[ab]{12}c', "
      "'\\d{16}']\n[stogger.sinks.sink]\ntype = \"memory\"\n",
      "c.toml"));
  std::string text;
  for (std::uint32_t i = 0, number = 1; i < 20000; ++i) {
    text += ((number = number * 1664525 + 1013904223) >> 31) != 0 ? 'a' : 'b';
  }
  std::atomic<bool> ends{false};
  std::thread thread([&] {
    while (!ends) system.logger().info("busy", {{"text", text}});
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(in_child([&] {
      ::alarm(60);
      system.logger().info("child", {{"text", kSecret}});
      return true;
    }));
  }
  ends = true;
  thread.join();
}

}  // namespace
}  // namespace stogger
