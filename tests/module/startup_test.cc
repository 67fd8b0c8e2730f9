// The four ways a program with a sink in a module may start: the sink enabled
// or not, the module there or not; and what becomes of it later.
#include <dlfcn.h>
#include <sys/wait.h>

#include "base/options.h"
#include "config/config.h"
#include "module/modules.h"
#include "module/registry.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"
#include "stogger/testing.h"
#include "support/kept_report.h"
#include "support/processes.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

class StartupTest : public ModuleTest {
 protected:
  void SetUp() override {
    look_in(folder_.path());
    SinkType type;
    if (find_sink_type("parquet", &type).ok() && type.missing.ok()) {
      GTEST_SKIP() << "the module parquet is part of this program";
    }
  }

  // A sink of that type, and one in memory that shows that all else works.
  std::string config(std::string_view type, std::string_view more = "") const {
    return "[stogger]\nlog_to_console = false\nreport_events = "
           "false\n[stogger.sinks.mine]\ntype = "
           "\"" +
           std::string(type) + "\"\npath = \"" + log() + "\"\n" +
           std::string(more) +
           "[stogger.sinks.rest]\ntype = \"jsonl\"\npath = \"" +
           folder_.file("rest") + "\"\n";
  }

  static SinkStats stats_of(const System& system, std::string_view name) {
    const Stats stats = system.stats();
    for (const SinkStats& sink : stats) {
      if (sink.name == name) return sink;
    }
    ADD_FAILURE() << "no sink " << name;
    return {};
  }

  bool is_loaded(std::string_view type) const {
    const std::string path =
        folder_.file("stogger_" + std::string(type) + ".so");
    return ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD) != nullptr;
  }
};

TEST_F(StartupTest, EnabledAndAbsentCostsOneLine) {
  System system;
  EXPECT_TRUE(system.load_text(config("parquet"), "c.toml").ok());
  for (int i = 0; i < 10; ++i) system.logger().info("event");
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_TRUE(reports_[0].starts_with(
      "sink 'mine' (parquet): the package stogger-parquet is not installed: "
      "there is no stogger_parquet.so in " +
      folder_.path()))
      << reports_[0];
  EXPECT_TRUE(reports_[0].ends_with(
      "; apt install stogger-parquet, or name its folder in "
      "STOGGER_MODULE_PATH; events are dropped; next try when init() is called "
      "or the program is started again"))
      << reports_[0];
  const SinkStats mine = stats_of(system, "mine");
  EXPECT_EQ(mine.accepted, 10u);
  EXPECT_EQ(mine.dropped, 10u);
  EXPECT_EQ(stats_of(system, "rest").written, 10u);
}

TEST_F(StartupTest, EnabledAndPresentWorks) {
  install("present");
  System system;
  ASSERT_TRUE(system.load_text(config("present"), "c.toml").ok());
  system.logger().info("event", {{"n", 1}});
  EXPECT_EQ(reports_, Lines());
  EXPECT_EQ(stats_of(system, "mine").written, 1u);
  const Lines lines = written();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[2].find("[event/5: text event]"), std::string::npos);
  EXPECT_NE(lines[2].find("[data/7: json {\"n\":1}]"), std::string::npos);
}

TEST_F(StartupTest, NotEnabledIsNotLookedFor) {
  install("postgres");
  System system;
  ASSERT_TRUE(
      system
          .load_text(
              "[stogger]\nlog_to_console = false\nreport_events = false\n"
              "enable_postgres = false\n"
              "postgres_dsn = \"host=db\"\n",
              "c.toml")
          .ok());
  system.logger().info("event");
  EXPECT_FALSE(is_loaded("postgres"));
  // There is a warning that no sink is left, and nothing else.
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0].find("postgres"), std::string::npos) << reports_[0];
}

TEST_F(StartupTest, NotEnabledAndAbsentIsSilent) {
  System system;
  ASSERT_TRUE(
      system
          .load_text(
              "[stogger]\nlog_to_console = false\nreport_events = false\n"
              "[stogger.sinks.rest]\ntype = \"memory\"\n",
              "c.toml")
          .ok());
  EXPECT_EQ(reports_, Lines());
}

TEST_F(StartupTest, WhoWantsSamplesInPostgresIsReportedAtOnceToo) {
  SinkType type;
  if (find_sink_type("postgres", &type).ok() && type.missing.ok()) {
    GTEST_SKIP() << "the module postgres is part of this program";
  }
  SinkPtr sink;
  const Status status = make_sample_sink(PostgresConfig{.host = "db"}, &sink);
  EXPECT_EQ(status.code(), Code::missing);
  EXPECT_NE(status.message().find("; apt install stogger-postgres, or "),
            std::string_view::npos)
      << status.message();
  EXPECT_FALSE(sink);
}

#ifdef TEST_POSTGRES_MODULE
// Enabled or not, with the module or without it, with the variable that the dsn
// names or without it.
TEST_F(StartupTest, TheThreeKeysNeverKeepOtherSinksFromWorking) {
  if (load_module("postgres").exists) {
    GTEST_SKIP() << "the module postgres has been loaded already";
  }
  // What is loaded stays so.
  for (const bool present : {false, true}) {
    if (present) {
      std::filesystem::copy_file(TEST_POSTGRES_MODULE,
                                 folder_.file("stogger_postgres.so"));
    }
    for (const bool enabled : {false, true}) {
      for (const bool has_variable : {false, true}) {
        reports_.clear();
        ::unsetenv("STOGGER_POSTGRES_PASSWORD");
        if (has_variable) ::setenv("STOGGER_POSTGRES_PASSWORD", "any", 1);
        System system;
        EXPECT_OK(system.load_text(
            std::string(
                "[stogger]\nlog_to_console = false\nreport_events = false\n"
                "enable_postgres = ") +
                (enabled ? "true" : "false") +
                "\npostgres_dsn = \"postgresql://app:%PASSWORD%@127.0.0.1:1/"
                "logs\"\n[stogger.sinks.rest]\ntype = \"memory\"\n",
            "c.toml"));
        for (int i = 0; i < 2; ++i) system.logger().info("event");
        EXPECT_EQ(stats_of(system, "rest").written, 2u);
        EXPECT_EQ(reports_.size(), enabled ? 1u : 0u)
            << present << enabled << has_variable;
        if (!enabled) continue;
        EXPECT_EQ(stats_of(system, "postgres").accepted, 2u);
        EXPECT_EQ(stats_of(system, "postgres").dropped, 2u);
        const std::string_view reason =
            !present        ? "apt install stogger-postgres"
            : !has_variable ? "STOGGER_POSTGRES_PASSWORD"
                            : "127.0.0.1";
        EXPECT_NE(reports_.at(0).find(reason), std::string::npos)
            << reports_.at(0);
      }
    }
  }
  ::unsetenv("STOGGER_POSTGRES_PASSWORD");
}
#endif

TEST_F(StartupTest, BrokenIsAsAbsent) {
  look_in(TEST_MODULE_FOLDER);
  for (const std::string type :
       {"broken_abi", "broken_no_entry", "broken_null_entry", "broken_small"}) {
    reports_.clear();
    System system;
    EXPECT_TRUE(system.load_text(config(type), "c.toml").ok());
    system.logger().info("event");
    ASSERT_EQ(reports_.size(), 1u) << type;
    EXPECT_NE(reports_[0].find(built(type)), std::string::npos) << reports_[0];
    EXPECT_EQ(stats_of(system, "mine").dropped, 1u);
    EXPECT_EQ(stats_of(system, "rest").written, 1u);
  }
}

TEST_F(StartupTest, InstalledLaterIsLoadedByTheNextInitOnly) {
  write_file(folder_.file("stogger_later.so"), "not yet");
  testing::ManualClock clock;
  System system(&clock);
  ASSERT_TRUE(system.load_text(config("later"), "c.toml").ok());
  install("later");
  for (int i = 0; i < 3; ++i) {
    system.logger().info("lost");
    clock.advance(10);
  }
  EXPECT_FALSE(is_loaded("later"));
  EXPECT_EQ(reports_.size(), 1u);
  EXPECT_EQ(stats_of(system, "mine").dropped, 3u);
  ASSERT_TRUE(system.load_text(config("later"), "c.toml").ok());
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_NE(reports_[1].find("3 events dropped"), std::string::npos)
      << reports_[1];
  system.logger().info("written");
  EXPECT_EQ(reports_.size(), 2u) << reports_.back();
  const SinkStats mine = stats_of(system, "mine");
  EXPECT_EQ(mine.accepted, 4u);
  EXPECT_EQ(mine.dropped, 3u);
  EXPECT_EQ(mine.written, 1u);
}

TEST_F(StartupTest, SinkOfAMissingModuleTakesAnyOptionsAndNeverOpens) {
  const Field given[] = {{"path", "/a/b"}, {"anything", 7}};
  Options options("parquet", given);
  SinkType type;
  ASSERT_TRUE(find_sink_type("parquet", &type).ok());
  EXPECT_EQ(type.missing.code(), Code::missing);
  SinkPtr sink;
  ASSERT_TRUE(make_sink(type, options, &sink).ok());
  EXPECT_TRUE(options.finish().ok());
  ASSERT_EQ(OptionsAccess::used(options).size(), 2u);
  for (const Status& status : {sink->open(), write_to(*sink, {})}) {
    EXPECT_EQ(status.code(), Code::config);
    EXPECT_EQ(status.message(), type.missing.message());
  }
  EXPECT_TRUE(sink->flush().ok());
  EXPECT_TRUE(sink->close().ok());
}

TEST_F(StartupTest, WhoMakesASinkInCodeIsReportedAtOnce) {
  SinkPtr sink;
  const Status status = make_sink("parquet", {}, &sink);
  EXPECT_EQ(status.code(), Code::missing);
  EXPECT_TRUE(status.message().starts_with(
      "the package stogger-parquet is not installed: "))
      << status.message();
  EXPECT_FALSE(sink);
}

TEST_F(StartupTest, WhoMakesASinkForSamplesIsReportedAtOnce) {
  SinkPtr sink;
  const Status statuses[] = {
      make_sample_sink("parquet", {{"path", "x.parquet"}}, &sink),
      make_sample_sink(ParquetConfig{.path = "x.parquet"}, &sink)};
  for (const Status& status : statuses) {
    EXPECT_EQ(status.code(), Code::missing);
    EXPECT_TRUE(status.message().starts_with(
        "the package stogger-parquet is not installed: "))
        << status.message();
    EXPECT_NE(status.message().find("; apt install stogger-parquet, or "),
              std::string_view::npos)
        << status.message();
  }
  EXPECT_FALSE(sink);
}

TEST_F(StartupTest, ChildMayLogAfterFork) {
  install("forked");
  System system;
  ASSERT_TRUE(system.load_text(config("forked"), "c.toml").ok());
  system.logger().info("parent");
  EXPECT_TRUE(in_child([&] {
    system.logger().info("child");
    return stats_of(system, "mine").written == 1;
  }));
  const Lines lines = written();
  EXPECT_TRUE(has(lines, "abandon"));
  EXPECT_NE(lines.back().find("[event/5: text child]"), std::string::npos);
}

TEST_F(StartupTest, ChildMayLogWhileTheModuleIsAbsent) {
  System system;
  ASSERT_TRUE(system.load_text(config("parquet"), "c.toml").ok());
  EXPECT_TRUE(in_child([&] {
    system.logger().info("child");
    return stats_of(system, "mine").dropped == 1;
  }));
}

TEST_F(StartupTest, TypeThatIsRegisteredWinsOverAModule) {
  install("contested");
  ASSERT_TRUE(register_sink("contested", [](Options&, SinkPtr*) {
                return Status(Code::invalid, "the one that is registered");
              }).ok());
  SinkPtr sink;
  EXPECT_EQ(make_sink("contested", {}, &sink).message(),
            "the one that is registered");
  EXPECT_FALSE(is_loaded("contested"));
}

#ifdef STOGGER_PROGRAM
class CheckTest : public StartupTest {
 protected:
  int check(std::string_view toml, const std::string& more = "") {
    write_file(folder_.file("c.toml"), toml);
    const std::string command = "cd '" + folder_.path() + "' && '" +
                                STOGGER_PROGRAM "' check c.toml " + more +
                                " </dev/null >out 2>err";
    const int status = std::system(command.c_str());
    out_ = read_file(folder_.file("out"));
    err_ = read_file(folder_.file("err"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // The program looks there, whatever this process does.
  static bool is_parquet_installed() {
    return std::filesystem::exists(kInstalledModules + "/stogger_parquet.so");
  }
  static constexpr const char* kInstalled =
      "the module parquet is installed where the program looks for it";

  std::string out_;
  std::string err_;
};

TEST_F(CheckTest, AbsentModuleIsAWarning) {
  if (is_parquet_installed()) GTEST_SKIP() << kInstalled;
  EXPECT_EQ(check("[stogger.sinks.mine]\ntype = \"parquet\"\npath = \"x\"\n"
                  "anything = [\"a\", \"b\"]\n"),
            0);
  EXPECT_TRUE(err_.starts_with(
      "c.toml:2:1: warning: the sink \"mine\" cannot be opened: the package "
      "stogger-parquet is not installed: there is no stogger_parquet.so in " +
      folder_.path()))
      << err_;
  EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1);
  EXPECT_NE(out_.find("[stogger.sinks.mine]\ntype = \"parquet\"\n"
                      "path = \"x\"\n"
                      "anything = [\"a\", \"b\"]\n"),
            std::string::npos)
      << out_;
}

TEST_F(CheckTest, AbsentModuleCannotBeOpened) {
  if (is_parquet_installed()) GTEST_SKIP() << kInstalled;
  EXPECT_EQ(check("[stogger.sinks.mine]\ntype = \"parquet\"\npath = \"x\"\n",
                  "--connect"),
            69);
  EXPECT_NE(out_.find("# sink \"mine\" (parquet) cannot be opened: the package "
                      "stogger-parquet is not installed: "),
            std::string::npos)
      << out_;
}

TEST_F(CheckTest, OptionsOfAModuleAreShownAndChecked) {
  look_in(TEST_MODULE_FOLDER);
  EXPECT_EQ(check("[stogger.sinks.mine]\ntype = \"probe\"\npath = \"x\"\n"
                  "form = \"json\"\n"),
            0);
  EXPECT_NE(out_.find("type = \"probe\"\npath = \"x\"\n"
                      "form = \"json\"\ncounts = false\nquiet = "
                      "false\njudges_ticks = false\n"
                      "number = 7\nratio = 0.5\nmake = \"a sink\"\n"),
            std::string::npos)
      << out_;
  EXPECT_EQ(check("[stogger.sinks.mine]\ntype = \"probe\"\npath = \"x\"\n"
                  "fomr = \"json\"\nnumber = 11\n"),
            78);
  EXPECT_EQ(out_,
            "c.toml:4:1: unknown key \"fomr\" in [stogger.sinks.mine] (did you "
            "mean \"form\"?)\n"
            "c.toml:5:1: \"number\" must be between 1 and 9, not 11\n");
}

TEST_F(CheckTest, NobodysTypeIsAWarning) {
  EXPECT_EQ(check("[stogger.sinks.mine]\ntype = \"pobre\"\n"), 0);
  EXPECT_TRUE(
      err_.starts_with("c.toml:2:1: warning: unknown sink type \"pobre\"; "))
      << err_;
  EXPECT_NE(err_.find("stogger_pobre.so"), std::string::npos) << err_;
}
#endif

}  // namespace
}  // namespace stogger
