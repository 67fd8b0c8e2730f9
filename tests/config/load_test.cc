#include <malloc.h>

#include <filesystem>

#include "config/reading.h"
#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "support/sanitizer.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

class LoadTest : public ConfigTest {
 protected:
  LoadTest() { set_diagnostics(&receive, this); }
  ~LoadTest() override { set_diagnostics(nullptr); }

  // A configuration without a console, so that tests are quiet.
  std::string quiet(std::string_view name, std::string_view settings = "") {
    return "[stogger]\nlog_to_console = false\n" + std::string(settings) +
           "[stogger.sinks." + std::string(name) +
           "]\ntype = \"jsonl\"\npath = \"" + path(name) + "\"\n";
  }

  std::string path(std::string_view name) const { return folder_.file(name); }

  static bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  }

  TempFolder folder_;
  Lines reports_;

 private:
  static void receive(std::string_view line, void* self) {
    static_cast<LoadTest*>(self)->reports_.emplace_back(line);
  }
};

TEST_F(LoadTest, SystemStartsWhatTheTextSays) {
  System system;
  EXPECT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  system.logger().info("started", {{"n", 1}});
  EXPECT_TRUE(system.close().ok());
  EXPECT_EQ(reports_, Lines());
  EXPECT_TRUE(has(read_file(path("a")), "\"event\":\"started\""));
}

TEST_F(LoadTest, KeysOfJsonLinesAreRenamed) {
  System system;
  EXPECT_TRUE(
      system
          .load_text(quiet("a", "") +
                         "[stogger.sinks.a.keys]\nlevel = \"severity\"\n"
                         "event = \"msg\"\n",
                     "c.toml")
          .ok());
  system.logger().info("started", {{"severity", 1}, {"level", 2}});
  EXPECT_TRUE(system.close().ok());
  EXPECT_EQ(reports_, Lines());
  const std::string line = read_file(path("a"));
  EXPECT_TRUE(has(line, "\"severity\":\"info\",\"msg\":\"started\"")) << line;
  EXPECT_TRUE(has(line, "\"severity_\":1,\"level\":2}")) << line;
}

// What other threads may be on their way through stays, and is small.
TEST_F(LoadTest, LoadingAgainAndAgainLeavesLittleBehind) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer has a malloc of its own";
  System system;
  const auto load = [&] {
    ASSERT_TRUE(
        system
            .load_text(
                quiet("a", "") + "flush = \"block\"\n" +
                    "[stogger.sinks.b]\ntype = \"csv\"\npath = \"" + path("b") +
                    "\"\n[stogger.sinks.c]\ntype = " +
                    "\"jsonl\"\ndelivery = \"async\"\npath = \"" + path("c") +
                    "\"\n[stogger.sinks.d]\ntype = \"sqlite\"\npath = \"" +
                    path("d") + "\"\n",
                "c.toml")
            .ok());
    system.logger().info("event", {{"text", std::string(1000, 'x')}});
  };
  constexpr long kLoads = 100;
  for (int i = 0; i < 3; ++i) load();
  const auto before = ::mallinfo2();
  for (long i = 0; i < kLoads; ++i) load();
  const auto after = ::mallinfo2();
  const long more = static_cast<long>(after.uordblks + after.hblkhd) -
                    static_cast<long>(before.uordblks + before.hblkhd);
  EXPECT_LT(more / kLoads, 60000);
}

TEST_F(LoadTest, SettingsReachTheEvents) {
  System system;
  ASSERT_TRUE(system
                  .load_text(quiet("a",
                                   "caller_info = true\nredact = [\"pin\"]\n"
                                   "level = \"error\"\n"),
                             "c.toml")
                  .ok());
  system.logger().warning("below");
  system.logger().error("above", {{"pin", "1234"}});
  EXPECT_TRUE(system.close().ok());
  const std::string text = read_file(path("a"));
  EXPECT_FALSE(has(text, "below"));
  EXPECT_TRUE(has(text, "above"));
  EXPECT_FALSE(has(text, "1234")) << text;
  EXPECT_TRUE(has(text, "code_file")) << text;
}

TEST_F(LoadTest, ProblemsAreReportedAndTheFirstIsReturned) {
  System system;
  const Status status =
      system.load_text(quiet("a", "logdri = 1\nlevle = 2\n"), "c.toml");
  EXPECT_EQ(reports_,
            Lines({"c.toml:3:1: unknown key \"logdri\" in [stogger] (did you "
                   "mean \"logdir\"?)",
                   "c.toml:4:1: unknown key \"levle\" in [stogger] (did you "
                   "mean \"level\"?)"}));
  EXPECT_EQ(status.code(), Code::config);
  EXPECT_EQ(status.message(), reports_[0]);
  system.logger().info("all the same");
  EXPECT_TRUE(system.close().ok());
  EXPECT_TRUE(has(read_file(path("a")), "all the same"));
}

TEST_F(LoadTest, WarningsAreReportedButAreNoFailure) {
  System system;
  EXPECT_TRUE(
      system.load_text("[stogger]\nlog_to_console = false\n", "c.toml").ok());
  EXPECT_EQ(reports_.size(), 1u);
  EXPECT_EQ(system.stats().size(), 0u);
}

TEST_F(LoadTest, SystemReadsFiles) {
  write_file(path("c.toml"), quiet("a"));
  System system;
  EXPECT_TRUE(system.load(path("c.toml")).ok());
  ASSERT_EQ(system.stats().size(), 1u);
  EXPECT_EQ(system.stats().begin()->name, "a");
  EXPECT_EQ(system.stats().begin()->type, "jsonl");
}

TEST_F(LoadTest, MissingFileStartsTheConsole) {
  System system;
  const Status status = system.load(path("none.toml"));
  EXPECT_EQ(status.code(), Code::config);
  EXPECT_EQ(reports_, Lines({path("none.toml") +
                             ": cannot be read: No such file or directory"}));
  const Stats stats = system.stats();
  ASSERT_EQ(stats.size(), 1u);
  EXPECT_EQ(stats.begin()->type, "console");
  EXPECT_TRUE(system.logger().enabled(Level::info));
  EXPECT_FALSE(system.logger().enabled(Level::debug));
}

TEST_F(LoadTest, ReplacesWhatWasThere) {
  System system;
  const Logger log = system.logger();
  ASSERT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  log.info("first");
  ASSERT_TRUE(system.load_text(quiet("b"), "c.toml").ok());
  log.info("second");
  EXPECT_TRUE(system.close().ok());
  EXPECT_TRUE(has(read_file(path("a")), "first"));
  EXPECT_FALSE(has(read_file(path("a")), "second"));
  EXPECT_TRUE(has(read_file(path("b")), "second"));
}

// What is wrong with a configuration, one kind each.
TEST_F(LoadTest, ASecondLoadWithAProblemKeepsWhatRuns) {
  write_file(path("file"), "");
  const struct {
    const char* what;
    std::string toml;
    const char* line;
  } cases[] = {
      {"syntax", "[stogger\n", "c.toml:1:1: "},
      {"unknown key", quiet("b", "logdri = 1\n"), "c.toml:3:1: unknown key"},
      {"wrong type", quiet("b", "level = 7\n"), "c.toml:3:1: \"level\""},
      {"variable that is not set",
       quiet("b", "logdir = \"${STOGGER_TEST_UNSET}\"\n"), "c.toml:3:1: "},
      {"sink that cannot be made",
       quiet("b") + "[stogger.sinks.c]\ntype = \"sqlite\"\n",
       "c.toml:6:1: \"path\" is required"},
      {"unknown type", quiet("b") + "[stogger.sinks.c]\ntype = \"sqlit\"\n",
       "c.toml:7:1: unknown sink type"},
      {"two sinks of a file",
       quiet("b") + "[stogger.sinks.c]\ntype = \"jsonl\"\npath = \"" +
           path("b") + "\"\n",
       "c.toml:8:1: the sinks \"b\" and \"c\""},
      {"empty", "", "c.toml:1:1: the file is empty"},
  };
  System system;
  ASSERT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  const Logger log = system.logger();
  std::uint64_t written = 0;
  for (const auto& one : cases) {
    reports_.clear();
    const Status status = system.load_text(one.toml, "c.toml");
    EXPECT_EQ(status.code(), Code::config) << one.what;
    ASSERT_EQ(reports_.size(), 1u) << one.what;
    EXPECT_TRUE(reports_[0].starts_with(one.line)) << reports_[0];
    EXPECT_TRUE(reports_[0].ends_with("; the configuration that runs is kept"))
        << reports_[0];
    EXPECT_EQ(status.message(), reports_[0]);
    log.info(one.what);
    ++written;
    const Stats stats = system.stats();
    ASSERT_EQ(stats.size(), 1u) << one.what;
    EXPECT_EQ(stats.begin()->name, "a");
    EXPECT_EQ(stats.begin()->written, written) << "the counters go on";
    EXPECT_TRUE(has(read_file(path("a")), one.what));
    EXPECT_FALSE(std::filesystem::exists(path("b"))) << one.what;
  }
}

TEST_F(LoadTest, AFileThatCannotBeReadKeepsWhatRuns) {
  write_file(path("c.toml"), quiet("a"));
  System system;
  ASSERT_TRUE(system.load(path("c.toml")).ok());
  std::filesystem::remove(path("c.toml"));
  EXPECT_EQ(system.load(path("c.toml")).code(), Code::config);
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0], path("c.toml") +
                             ": cannot be read: No such file or directory; the "
                             "configuration that runs is kept");
  system.logger().info("hello");
  EXPECT_TRUE(has(read_file(path("a")), "hello"));
}

TEST_F(LoadTest, TheOneLineSaysHowManyProblemsThereAre) {
  System system;
  ASSERT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  EXPECT_FALSE(
      system.load_text(quiet("a", "x = 1\ny = 2\nz = 3\n"), "c.toml").ok());
  EXPECT_EQ(reports_, Lines({"c.toml:3:1: unknown key \"x\" in [stogger] (and "
                             "2 more problems); the configuration that runs is "
                             "kept"}));
}

TEST_F(LoadTest, WarningsReplaceWhatRuns) {
  System system;
  ASSERT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  ASSERT_TRUE(
      system.load_text("[stogger]\nlog_to_console = false\n", "c.toml").ok());
  EXPECT_EQ(system.stats().size(), 0u);
}

// It has something to lose: the sinks of the first file that were right.
TEST_F(LoadTest, WhatAFirstLoadWithProblemsStartedIsKeptToo) {
  System system;
  EXPECT_FALSE(system.load_text(quiet("a", "x = 1\n"), "c.toml").ok());
  EXPECT_FALSE(system.load_text(quiet("b", "x = 1\n"), "c.toml").ok());
  ASSERT_EQ(system.stats().size(), 1u);
  EXPECT_EQ(system.stats().begin()->name, "a");
  EXPECT_TRUE(system.load_text(quiet("b"), "c.toml").ok());
  EXPECT_EQ(system.stats().begin()->name, "b");
}

TEST_F(LoadTest, TheConsoleOfAFailedLoadIsNotWorthKeeping) {
  System system;
  EXPECT_FALSE(system.load(path("none.toml")).ok());
  EXPECT_FALSE(system.load_text(quiet("a", "x = 1\n"), "c.toml").ok());
  ASSERT_EQ(system.stats().size(), 1u);
  EXPECT_EQ(system.stats().begin()->name, "a");
}

TEST_F(LoadTest, WhatWasClosedIsNotKept) {
  System system;
  ASSERT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  ASSERT_TRUE(system.close().ok());
  EXPECT_FALSE(system.load_text(quiet("b", "x = 1\n"), "c.toml").ok());
  ASSERT_EQ(system.stats().size(), 1u);
  EXPECT_EQ(system.stats().begin()->name, "b");
}

TEST_F(LoadTest, CountersOfASinkThatStaysGoOn) {
  System system;
  ASSERT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  system.logger().info("one");
  ASSERT_TRUE(
      system.load_text(quiet("a", "caller_info = true\n"), "c.toml").ok());
  system.logger().info("two");
  ASSERT_TRUE(system.load_text(quiet("a"), "c.toml").ok());
  const Stats stats = system.stats();
  ASSERT_EQ(stats.size(), 1u);
  EXPECT_EQ(stats.begin()->accepted, 2u);
  EXPECT_EQ(stats.begin()->written, 2u);
  EXPECT_EQ(stats.begin()->pending, 0u);
  ASSERT_TRUE(system.load_text(quiet("b"), "c.toml").ok());
  EXPECT_EQ(system.stats().begin()->accepted, 0u) << "another sink";
}

TEST_F(LoadTest, ASecondInitWithAProblemKeepsTheDefaultSystem) {
  write_file(path("c.toml"), quiet("a"));
  ASSERT_TRUE(init(path("c.toml")).ok());
  write_file(path("c.toml"), "[stogger]\nlevel = info\n");
  EXPECT_EQ(init(path("c.toml")).code(), Code::config);
  EXPECT_EQ(reports_.size(), 1u);
  info("still-there");
  EXPECT_TRUE(has(read_file(path("a")), "still-there"));
}

TEST_F(LoadTest, ReportsOfASinkDoNotShowItsVariables) {
  const ScopedVariable variable("STOGGER_TEST_ONE", "hunter2dbpass");
  write_file(path("file"), "");
  System system;
  ASSERT_TRUE(
      system
          .load_text("[stogger]\nlog_to_console = false\n[stogger.sinks.a]\n"
                     "type = \"jsonl\"\npath = \"" +
                         path("file") + "/${STOGGER_TEST_ONE}/x\"\n",
                     "c.toml")
          .ok());
  const Status flushed = system.flush();
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_FALSE(has(reports_[0], "hunter2")) << reports_[0];
  EXPECT_TRUE(has(reports_[0], "${STOGGER_TEST_ONE}")) << reports_[0];
  EXPECT_FALSE(has(flushed.message(), "hunter2")) << flushed.message();
}

TEST_F(LoadTest, InitSetsUpTheDefaultSystem) {
  write_file(path("c.toml"), quiet("a"));
  ASSERT_TRUE(init(path("c.toml")).ok());
  info("hello");
  ASSERT_TRUE(flush().ok());
  EXPECT_TRUE(has(read_file(path("a")), "hello"));
}

TEST_F(LoadTest, ConfigVariableOverridesThePath) {
  write_file(path("env.toml"), quiet("env"));
  write_file(path("arg.toml"), quiet("arg"));
  {
    const ScopedVariable variable("STOGGER_CONFIG", path("env.toml").c_str());
    ASSERT_TRUE(init(path("arg.toml")).ok());
    EXPECT_NE(stats().find("env"), nullptr);
    EXPECT_EQ(stats().find("arg"), nullptr);
    ASSERT_TRUE(init().ok());
    EXPECT_NE(stats().find("env"), nullptr);
  }
  const ScopedVariable variable("STOGGER_CONFIG", "");
  ASSERT_TRUE(init(path("arg.toml")).ok());
  EXPECT_NE(stats().find("arg"), nullptr);
}

TEST_F(LoadTest, InitWithoutAFileGivesTheDefaults) {
  ASSERT_TRUE(init().ok());
  const Stats defaults = stats();
  ASSERT_EQ(defaults.size(), 1u);
  EXPECT_EQ(defaults.begin()->type, "console");
  EXPECT_TRUE(logger().enabled(Level::info));
  EXPECT_FALSE(logger().enabled(Level::debug));
  const ScopedVariable variable("STOGGER_LEVEL", "error");
  ASSERT_TRUE(init().ok());
  EXPECT_FALSE(logger().enabled(Level::warning));
}

TEST_F(LoadTest, SinkThatCannotBeOpenedIsNoProblemOfTheConfiguration) {
  write_file(path("file"), "");
  System system;
  EXPECT_TRUE(
      system
          .load_text("[stogger]\nlog_to_console = false\n[stogger.sinks.a]\n"
                     "type = \"jsonl\"\npath = \"" +
                         path("file/below") + "\"\n",
                     "c.toml")
          .ok());
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_TRUE(has(reports_[0], "sink 'a'")) << reports_[0];
  ASSERT_EQ(system.stats().size(), 1u);
  EXPECT_TRUE(system.stats().begin()->failing);
}

TEST_F(LoadTest, WhatASinkReportsByItselfHidesValuesToo) {
  const ScopedVariable secret("STOGGER_TEST_ONE", "hunter2token");
  std::filesystem::create_directory(path("hunter2token"));
  write_file(path("hunter2token/a.csv"), "other,columns\r\n");
  System system;
  ASSERT_TRUE(system
                  .load_text("[stogger]\nlog_to_console = false\n"
                             "[stogger.sinks.a]\ntype = \"csv\"\npath = \"" +
                                 path("${STOGGER_TEST_ONE}/a.csv") + "\"\n",
                             "c.toml")
                  .ok());
  system.logger().info("one");
  EXPECT_TRUE(system.close().ok());
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_TRUE(has(reports_[0], "other columns")) << reports_[0];
  EXPECT_TRUE(has(reports_[0], "${STOGGER_TEST_ONE}")) << reports_[0];
  EXPECT_FALSE(has(reports_[0], "hunter2token")) << reports_[0];
}

// ---- Without a file, in the default system

TEST_F(LoadTest, TheDefaultSystemTakesTextForItsConfiguration) {
  EXPECT_TRUE(init_text(quiet("a")).ok());
  info("started");
  shutdown();
  EXPECT_TRUE(has(read_file(path("a")), "\"event\":\"started\""));
  EXPECT_EQ(reports_, Lines());
}

TEST_F(LoadTest, ProblemsOfATextSayWhereTheyAre) {
  EXPECT_EQ(
      init_text("[stogger]\nlevle = 1\nlog_to_console = false\n").message(),
      "init_text:2:1: unknown key \"levle\" in [stogger] (did you mean "
      "\"level\"?)");
}

TEST_F(LoadTest, ASinkIsAddedAndTakenAway) {
  ASSERT_TRUE(init_text(quiet("a")).ok());
  info("one");
  EXPECT_TRUE(add_sink("audit", "jsonl", {{"path", path("b")}}).ok());
  info("two");
  EXPECT_EQ(stats().find("audit")->accepted, 1u);
  EXPECT_TRUE(remove_sink("audit").ok());
  info("three");
  EXPECT_EQ(stats().find("audit"), nullptr);
  shutdown();
  const std::string text = read_file(path("b"));
  EXPECT_FALSE(has(text, "one")) << text;
  EXPECT_TRUE(has(text, "two")) << text;
  EXPECT_FALSE(has(text, "three")) << text;
  EXPECT_EQ(reports_, Lines());
}

TEST_F(LoadTest, AnAddedSinkHasTheOptionsOfATable) {
  ASSERT_TRUE(init_text(quiet("a")).ok());
  EXPECT_TRUE(
      add_sink("audit", "jsonl", {{"path", path("b")}, {"level", "error"}})
          .ok());
  info("below");
  error("above");
  EXPECT_EQ(stats().find("audit")->accepted, 1u);
  // As in a file, from info on without the key.
  EXPECT_TRUE(add_sink("more", "jsonl", {{"path", path("c")}}).ok());
  debug("below");
  info("above");
  EXPECT_EQ(stats().find("more")->accepted, 1u);
}

class RefusingSink final : public Sink {
 public:
  Status write(const RowBatch& rows, WriteReport& report) override {
    for (std::size_t i = 0; i < rows.row_count; ++i) report.refuse(i, "no");
    return {};
  }
};

TEST_F(LoadTest, EverySinkMayHaveDeadLetters) {
  static_cast<void>(
      register_sink("load-test-refusing", [](Options& options, SinkPtr* sink) {
        sink->reset(new RefusingSink);
        return options.finish();
      }));
  const std::string table =
      "[stogger]\nlog_to_console = false\n[stogger.sinks.a]\ntype = "
      "\"load-test-refusing\"\ndead_letter = ";
  System system;
  ASSERT_TRUE(
      system.load_text(table + "\"" + path("dead") + "\"", "c.toml").ok());
  system.logger().info("unwanted");
  EXPECT_EQ(system.stats().find("a")->dead_lettered, 1u);
  EXPECT_TRUE(has(read_file(path("dead")), "\"unwanted\""));
  ASSERT_TRUE(
      system
          .load_text(table + "\"" + path("mine") + "\"\nfile_mode = \"0600\"",
                     "c.toml")
          .ok());
  system.logger().info("unwanted");
  EXPECT_EQ(std::filesystem::status(path("mine")).permissions(),
            std::filesystem::perms(0600))
      << "as the sink's own files";
  const Status wrong = system.load_text(table + "\"folder/\"", "c.toml");
  EXPECT_TRUE(
      has(wrong.message(), "c.toml:5:1: \"dead_letter\" must name a file"))
      << wrong.message();
  ASSERT_TRUE(
      add_sink("b", "load-test-refusing", {{"dead_letter", path("other")}})
          .ok());
  Logger().info("unwanted");
  EXPECT_TRUE(has(read_file(path("other")), "\"unwanted\""));
  ASSERT_TRUE(remove_sink("b").ok());
}

TEST_F(LoadTest, ASinkThatCannotBeAddedIsReported) {
  ASSERT_TRUE(init_text(quiet("a")).ok());
  const std::string file = path("b");
  add_sink("a", "jsonl", {{"path", file}});
  add_sink("b", "jsonl", {{"path", file}, {"flsh", "block"}});
  add_sink("b", "jsonl", {{"path", file}, {"level", "loud"}});
  add_sink("b", "jsno", {{"path", file}});
  remove_sink("b");
  ASSERT_EQ(reports_.size(), 5u);
  EXPECT_TRUE(has(reports_[0], "there is a sink")) << reports_[0];
  EXPECT_TRUE(has(reports_[1], "unknown option \"flsh\"")) << reports_[1];
  EXPECT_TRUE(has(reports_[2], "\"level\" must be")) << reports_[2];
  EXPECT_TRUE(has(reports_[3], "jsno")) << reports_[3];
  EXPECT_EQ(reports_[4],
            "remove_sink: there is no sink \"b\"; stats() has the names");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(LoadTest, AnAddedSinkThatCannotBeOpenedYetIsThere) {
  ASSERT_TRUE(init_text(quiet("a")).ok());
  std::filesystem::create_directory(path("b"));
  EXPECT_FALSE(add_sink("b", "jsonl", {{"path", path("b")}}).ok());
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_FALSE(has(reports_[0], "not added")) << reports_[0];
  EXPECT_NE(stats().find("b"), nullptr);
}

TEST_F(LoadTest, RowsOfAMemorySinkAreReadByItsName) {
  ASSERT_TRUE(init_text("[stogger]\nlog_to_console = false\n"
                        "[stogger.sinks.last]\ntype = \"memory\"\n")
                  .ok());
  info("kept");
  std::size_t rows = 0;
  const RowVisitor count = [](Fields, void* argument) {
    ++*static_cast<std::size_t*>(argument);
  };
  EXPECT_TRUE(visit_rows("last", count, &rows).ok());
  EXPECT_EQ(rows, 1u);
  EXPECT_EQ(visit_rows("other", count, &rows).message(),
            "visit_rows: there is no sink \"other\"; stats() has the names");
}

TEST_F(LoadTest, AFileIsCheckedWithoutStartingAnything) {
  const std::string file = path("c.toml");
  write_file(file, quiet("a"));
  EXPECT_TRUE(check(file).ok());
  EXPECT_FALSE(std::filesystem::exists(path("a")));
  write_file(file, quiet("a", "levle = 1\n"));
  const Status status = check(file);
  EXPECT_EQ(status.code(), Code::config);
  EXPECT_TRUE(has(status.message(), "unknown key \"levle\"")) << status.c_str();
  EXPECT_EQ(reports_, Lines());
}

}  // namespace
}  // namespace stogger
