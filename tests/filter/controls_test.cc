// What a configuration leaves out and adds, from the TOML to the lines of a
// file.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "stogger/system.h"
#include "stogger/testing.h"
#include "support/sinks.h"
#include "support/sqlite_query.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

class ControlsTest : public ::testing::Test {
 protected:
  // `more` stands before the sink of JSON lines, `of_sink` in it.
  void load(const std::string& more, const std::string& of_sink = {}) {
    ASSERT_OK(system_.load_text("[stogger]\nlog_to_console = false\n" + more +
                                    "\n[stogger.sinks.out]\ntype = \"jsonl\"\n"
                                    "path = \"" +
                                    path() + "\"\n" + of_sink,
                                "c.toml"));
  }
  std::string path() const { return folder_.file("out"); }
  std::string text() const { return read_file(path()); }
  std::vector<nlohmann::json> lines() const {
    std::vector<nlohmann::json> lines;
    std::istringstream in(text());
    for (std::string line; std::getline(in, line);) {
      lines.push_back(nlohmann::json::parse(line));
    }
    return lines;
  }
  std::string events() const {
    std::string names;
    for (const nlohmann::json& line : lines()) {
      names += line["event"].get<std::string>() + " ";
    }
    return names;
  }

  TempFolder folder_;
  testing::ManualClock clock_;
  System system_{&clock_};
};

TEST_F(ControlsTest, LevelsGoByTheNameOfTheLogger) {
  load("[stogger.levels]\nhttp = \"debug\"\n\"db.pool\" = \"error\"");
  system_.logger().debug("a");
  system_.logger().info("b");
  system_.logger("http").debug("c");
  system_.logger("http.client").with({{"n", 1}}).debug("d");
  system_.logger("https").debug("e");
  system_.logger("db").info("f");
  system_.logger("db.pool").warning("g");
  system_.logger("db.pool").error("h");
  EXPECT_EQ(events(), "b c d f h ");
  EXPECT_TRUE(system_.logger("http").enabled(Level::debug));
  EXPECT_FALSE(system_.logger("db.pool").enabled(Level::warning));
}

TEST_F(ControlsTest, ALevelOfASinkCountsBesidesARule) {
  load("[stogger.levels]\nhttp = \"trace\"\ndb = \"error\"",
       "level = \"warning\"");
  system_.logger("http").info("a");
  system_.logger("http").warning("b");
  system_.logger("db").warning("c");
  system_.logger("db").error("d");
  EXPECT_EQ(events(), "b d ");
}

TEST_F(ControlsTest, LevelsChangeForLoggersThatThereAre) {
  load("");
  const Logger plain = system_.logger();
  const Logger http = system_.logger("http.client");
  const Logger bound = http.with({{"n", 1}});
  bound.debug("a");
  ASSERT_OK(system_.set_level("http", Level::debug));
  bound.debug("b");
  plain.debug("c");
  ASSERT_OK(system_.set_level(Level::debug));
  plain.debug("d");
  ASSERT_OK(system_.set_level("http.client", Level::off));
  bound.alert("e");
  ASSERT_OK(system_.set_level(Level::error));
  plain.warning("f");
  plain.error("g");
  EXPECT_EQ(events(), "b d g ");
  // What was set holds until the next configuration.
  load("");
  bound.info("h");
  EXPECT_EQ(events(), "b d g h ");
}

TEST_F(ControlsTest, ARuleMayBeForALoggerThatIsNotThere) {
  load("[stogger.levels]\nnobody = \"debug\"");
  ASSERT_OK(system_.set_level("later", Level::debug));
  system_.logger().debug("a");
  system_.logger("later").debug("b");
  system_.logger("laterally").debug("c");
  EXPECT_EQ(events(), "b ");
}

TEST_F(ControlsTest, NamesThatCannotBeThoseOfRulesAreRefused) {
  for (const char* name : {"", "http*", "a,b", "a=b"}) {
    EXPECT_EQ(system_.set_level(name, Level::debug).code(), Code::invalid)
        << name;
  }
}

TEST_F(ControlsTest, LevelsChangeWhileThreadsLog) {
  load("[stogger.levels]\nquiet = \"off\"");
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> errors{0};
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      const std::string name = "worker." + std::to_string(i);
      while (!stop) {
        const Logger log = system_.logger(name);
        log.debug("d");
        log.with({{"n", 1}}).error("e");
        ++errors;
        system_.logger("quiet").alert("never");
      }
    });
  }
  for (int i = 0; i < 200 || errors < 100; ++i) {
    ASSERT_OK(system_.set_level("worker", i % 2 ? Level::debug : Level::error));
    ASSERT_OK(system_.set_level(i % 3 ? Level::info : Level::warning));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(text().find("never"), std::string::npos);
  std::uint64_t found = 0;
  for (const nlohmann::json& line : lines()) found += line["event"] == "e";
  EXPECT_EQ(found, errors);
}

TEST_F(ControlsTest, AChildMakesLoggersAndSetsLevels) {
  load("");
  const Logger http = system_.logger("http");
  const pid_t child = ::fork();
  if (child == 0) {
    const bool set = system_.set_level("http", Level::debug).ok();
    http.debug("child");
    system_.logger("other").info("child");
    ::_exit(set ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(events(), "child child ");
}

TEST_F(ControlsTest, EveryEventHasTheStaticFields) {
  load(
      "[stogger.fields]\nservice = \"shop\"\nversion = 3\nbeta = true\n"
      "token = \"hunter2\"");
  system_.logger().info("a", {{"n", 1}});
  system_.logger().info("b");
  system_.logger("http").with({{"id", 7}}).info("c", {{"n", 1}});
  EXPECT_EQ(text().substr(text().find("\"service\""), 66),
            "\"service\":\"shop\",\"version\":3,\"beta\":true,\"token\":\"["
            "REDACTED]\",\"n\":");
  for (const nlohmann::json& line : lines()) {
    EXPECT_EQ(line["service"], "shop") << line;
    EXPECT_EQ(line["version"], 3) << line;
    EXPECT_EQ(line["token"], "[REDACTED]") << line;
  }
  EXPECT_EQ(lines()[2]["id"], 7);
}

TEST_F(ControlsTest, AFieldOfTheProgramReplacesTheStaticOneOfItsName) {
  load("[stogger.fields]\nservice = \"shop\"\nhost = \"h\"");
  system_.logger().info("a", {{"n", 1}, {"service", "till"}});
  const std::string line = text();
  EXPECT_EQ(line.find("shop"), std::string::npos) << line;
  EXPECT_NE(line.find("\"service\":\"till\",\"host\":\"h\",\"n\":1}"),
            std::string::npos)
      << line;
}

TEST_F(ControlsTest, StaticFieldsGoToColumnsOfTheirNames) {
  const std::string database = folder_.file("db");
  const std::string toml =
      "[stogger]\nlog_to_console = false\n[stogger.fields]\nservice = "
      "\"shop\"\nhost = \"h\"\n[stogger.sinks.db]\ntype = \"sqlite\"\npath = "
      "\"" +
      database + "\"";
  ASSERT_OK(system_.load_text(toml, "c.toml"));
  system_.logger().info("a", {{"n", 1}});
  ASSERT_OK(system_.flush());
  EXPECT_EQ(SqliteQuery(database).one("SELECT data FROM stogger_logs"),
            R"({"service":"shop","host":"h","n":1})");
  SqliteQuery(database).run("ALTER TABLE stogger_logs ADD COLUMN host TEXT");
  ASSERT_OK(system_.close());  // it looks at the columns when it is opened
  ASSERT_OK(system_.load_text(toml, "c.toml"));
  system_.logger().info("b", {{"n", 2}});
  ASSERT_OK(system_.flush());
  EXPECT_EQ(
      SqliteQuery(database).one("SELECT host || data FROM stogger_logs WHERE "
                                "event = 'b'"),
      R"(h{"service":"shop","n":2})");
}

TEST_F(ControlsTest, TextHasTheStaticFieldsThatTheMessageDoesNotShow) {
  ASSERT_OK(system_.load_text(
      "[stogger]\nlog_to_console = false\n[stogger.fields]\nservice = "
      "\"my shop\"\nhost = \"h\"\n[stogger.sinks.out]\ntype = "
      "\"file\"\npath = \"" +
          path() + "\"",
      "c.toml"));
  system_.logger().info("a", {{"n", 1}});
  system_.logger().info("b", {{"n", 2}}, "{n} of {service}");
  EXPECT_NE(text().find(" service=\"my shop\" host=h n=1\n"), std::string::npos)
      << text();
  EXPECT_NE(text().find(" 2 of my shop  host=h\n"), std::string::npos)
      << text();
}

TEST_F(ControlsTest, QueuedEventsHaveTheStaticFieldsOfTheirTime) {
  load("[stogger.fields]\nversion = 1", "delivery = \"async\"");
  system_.logger().info("a", {{"n", 1}}, "{version}.{n}");
  load("[stogger.fields]\nversion = 2", "delivery = \"async\"");
  system_.logger().info("b", {{"n", 1}});
  ASSERT_OK(system_.flush(10));
  const auto read = lines();
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0]["version"], 1);
  EXPECT_EQ(read[0]["message"], "1.1");
  EXPECT_EQ(read[0]["n"], 1);
  EXPECT_EQ(read[1]["version"], 2);
}

TEST_F(ControlsTest, ReservedKeysOfTheProgramKeepStaticFieldsApart) {
  load("[stogger.fields]\nlevel_ = \"static\"");
  system_.logger().info("a", {{"level", 5}});
  EXPECT_EQ(lines()[0]["level_"], "static");
  EXPECT_EQ(lines()[0]["level__"], 5);
}

TEST_F(ControlsTest, ASinkTakesTheEventsOfItsFilter) {
  load("",
       "events = [\"order-*\"]\nnot_events = [\"order-debug\"]\n"
       "not_loggers = [\"test*\"]");
  system_.logger().info("order-paid");
  system_.logger().info("order-debug");
  system_.logger().info("login");
  system_.logger("tests").info("order-paid");
  system_.logger("http").info("order-sent");
  EXPECT_EQ(events(), "order-paid order-sent ");
  const Stats stats = system_.stats();
  EXPECT_EQ(stats.find("out")->accepted, 2u);
  EXPECT_EQ(stats.suppressed(), 0u);
}

TEST_F(ControlsTest, WhatALimitLeavesOutIsCountedAndReported) {
  load(
      "[[stogger.limits]]\nevent = \"cache-miss\"\nper_second = 10\nburst = 2");
  const Logger log = system_.logger();
  for (int i = 0; i < 100; ++i) log.info("cache-miss", {{"i", i}});
  log.info("other");
  clock_.advance(0.5);
  log.info("cache-miss", {{"i", 100}});
  log.info("cache-miss", {{"i", 101}});
  const auto read = lines();
  ASSERT_EQ(read.size(), 5u);
  EXPECT_FALSE(read[1].contains("suppressed"));
  EXPECT_FALSE(read[2].contains("suppressed"));
  EXPECT_EQ(read[3]["suppressed"], 98);
  EXPECT_EQ(read[3]["i"], 100);
  EXPECT_FALSE(read[4].contains("suppressed"));
  EXPECT_EQ(system_.stats().suppressed(), 98u);
}

TEST_F(ControlsTest, ALimitHoldsForThreadsTogether) {
  load("[[stogger.limits]]\nlogger = \"flood*\"\nper_second = 1\nburst = 50");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const Logger log = system_.logger("flood.er");
      for (int n = 0; n < 1000; ++n) log.info("e");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lines().size(), 50u);
  EXPECT_EQ(system_.stats().suppressed(), 3950u);
}

TEST(ControlsOfTheDefaultSystem, ACaptureGetsAllWhateverTheRules) {
  ASSERT_OK(
      init_text("[stogger]\nlog_to_console = false\n[stogger.levels]\nhttp = "
                "\"off\"\n[[stogger.limits]]\nevent = \"*\"\nper_second = 0\n"
                "[stogger.sinks.m]\ntype = \"memory\"\nevents = [\"b\"]"));
  const Logger http = logger("http");
  {
    const testing::Capture capture;
    http.trace("a");
    trace("a");
    EXPECT_EQ(capture.events().size(), 2u);
  }
  http.alert("b");
  info("b");
  EXPECT_EQ(stats().find("m")->accepted, 0u);
  EXPECT_EQ(stats().suppressed(), 1u);
  ASSERT_OK(set_level("http", Level::info));
  EXPECT_TRUE(http.enabled(Level::info));
  ASSERT_OK(shutdown());
}

}  // namespace
}  // namespace stogger
