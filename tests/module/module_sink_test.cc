#include "module/host/module_sink.h"

#include <limits>

#include "base/options.h"
#include "module/host/host_options.h"
#include "module/modules.h"
#include "support/count_allocations.h"
#include "support/kept_report.h"
#include "support/rows.h"

namespace stogger {
namespace {

class ModuleSinkTest : public ModuleTest {
 protected:
  static Rows row_of(const Value& value) {
    Rows rows({{"a", Kind::null}});
    rows.add({value});
    return rows;
  }

  std::string option_problem(std::vector<Field> options) {
    SinkPtr sink;
    const Status status = make(std::move(options), &sink);
    EXPECT_EQ(status.code(), Code::invalid);
    EXPECT_FALSE(sink);
    return std::string(status.message());
  }
};

TEST_F(ModuleSinkTest, ValuesOfEveryKindArrive) {
  SinkPtr sink = probe();
  Rows rows({{"first", Kind::null}, {"second", Kind::text}});
  rows.add({nullptr, ""});
  rows.add({true, "text"});
  rows.add({false, std::string_view("\0\xFF\n", 3)});
  rows.add({std::numeric_limits<std::int64_t>::min(), "x"});
  rows.add({std::numeric_limits<std::uint64_t>::max(), "x"});
  rows.add({-0.5, nullptr});
  rows.add({std::numeric_limits<double>::infinity(), nullptr});
  rows.add({kTestTime, Json{"{\"a\":1}"}});
  ASSERT_TRUE(write_to(*sink, rows).ok());
  const std::string bytes = read_file(log());
  EXPECT_EQ(
      bytes,
      "rows at 1795225168656642000\n"
      "row [first/0: null] [second/5: text ]\n"
      "row [first/0: boolean true] [second/5: text text]\n"
      // The probe writes C strings.
      "row [first/0: boolean false] [second/5: text \n"
      "row [first/0: integer -9223372036854775808] [second/5: text x]\n"
      "row [first/0: unsigned 18446744073709551615] [second/5: text x]\n"
      "row [first/0: real -0.5] [second/5: null]\n"
      "row [first/0: real Infinity] [second/5: null]\n"
      "row [first/0: time 1795225168656642000] [second/5: json {\"a\":1}]\n");
}

TEST_F(ModuleSinkTest, AModuleOfTheFirstVersionOrOfOneToComeIsUsed) {
  for (const std::string type : {"of_first_version", "of_next_version"}) {
    const std::string path = folder_.file(type);
    const Field options[] = {{"path", path}};
    SinkPtr sink;
    const Status status = make_sink(type, options, &sink);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(sink->open().ok());
    EXPECT_TRUE(write_to(*sink, row_of("a")).ok());
    EXPECT_TRUE(write_to(*sink, row_of("b")).ok());
    // It has none.
    EXPECT_TRUE(tick(*sink, kTestTime).ok());
    EXPECT_EQ(sink->target(), "counter");
    EXPECT_TRUE(sink->close().ok());
    EXPECT_EQ(read_file(path), "2 rows\n") << type;
  }
}

TEST_F(ModuleSinkTest, ATickArrives) {
  SinkPtr sink = probe();
  EXPECT_TRUE(tick(*sink, kTestTime).ok());
  EXPECT_TRUE(has(written(), "tick at 1795225168656642000"));
}

TEST_F(ModuleSinkTest, BatchesOfAnyShapeArrive) {
  SinkPtr sink = probe();
  EXPECT_TRUE(write_to(*sink, {}).ok());
  Rows wide({{"a", Kind::integer}, {"b", Kind::integer}});
  for (int i = 0; i < 100; ++i) wide.add({i, -i});
  EXPECT_TRUE(write_to(*sink, wide).ok());
  EXPECT_TRUE(write_to(*sink, row_of(7)).ok());
  const Lines lines = written();
  EXPECT_EQ(lines.size(), 1 + 101 + 2u);
  EXPECT_TRUE(has(lines, "row [a/2: integer 99] [b/2: integer -99]"));
  EXPECT_TRUE(has(lines, "row [a/0: integer 7]"));
}

TEST_F(ModuleSinkTest, EveryMethodReachesTheSink) {
  {
    SinkPtr sink = probe();
    EXPECT_TRUE(sink->open().ok());
    EXPECT_TRUE(sink->flush().ok());
    const Status closed = sink->close();
    EXPECT_EQ(closed.code(), Code::corrupt);
    EXPECT_EQ(closed.message(), "closing is not its strength");
    sink->abandon();
    EXPECT_FALSE(sink->recovered());
    write_file(log() + ".recovered", "");
    EXPECT_TRUE(sink->recovered());
    EXPECT_EQ(sink->target(), "probe:" + log());
  }
  EXPECT_EQ(written(),
            Lines({"open", "flush", "close", "abandon", "destroyed"}));
}

TEST_F(ModuleSinkTest, FormIsThatOfTheSink) {
  EXPECT_EQ(probe()->form(), RowForm::table);
  EXPECT_EQ(probe({{"form", "json"}})->form(), RowForm::json);
  EXPECT_EQ(probe({{"form", "fields"}})->form(), RowForm::fields);
  EXPECT_EQ(probe({{"form", "absurd"}})->form(), RowForm::table);
}

TEST_F(ModuleSinkTest, ColumnsAreAskedForAfterEachOpening) {
  EXPECT_EQ(probe()->columns().column_count, 0u);
  SinkPtr sink = probe({{"columns", Json{R"(["user_id","data"])"}}});
  RowBatch wanted = sink->columns();
  ASSERT_EQ(wanted.column_count, 2u);
  EXPECT_EQ(wanted.columns[0].name, "user_id");
  EXPECT_EQ(wanted.columns[1].name, "data");
  EXPECT_EQ(wanted.columns[0].kind, Kind::text);
  ASSERT_TRUE(sink->open().ok());
  wanted = sink->columns();
  ASSERT_EQ(wanted.column_count, 2u);
  EXPECT_EQ(wanted.columns[1].name, "data");
  EXPECT_EQ(wanted.columns[1].kind, Kind::integer);
}

TEST_F(ModuleSinkTest, TallyIsThatOfTheSink) {
  Tally tally;
  EXPECT_FALSE(probe()->tally(&tally));
  SinkPtr sink = probe({{"counts", true}});
  ASSERT_TRUE(write_to(*sink, row_of(1)).ok());
  ASSERT_TRUE(write_to(*sink, row_of(1)).ok());
  ASSERT_TRUE(sink->tally(&tally));
  EXPECT_EQ(tally.written, 2u);
  EXPECT_EQ(tally.buffered, 3u);
}

TEST_F(ModuleSinkTest, CodesAndMessagesArrive) {
  SinkPtr sink = probe();
  for (const Code code : {Code::invalid, Code::config, Code::unavailable,
                          Code::rejected, Code::corrupt, Code::internal}) {
    const Status status = write_to(*sink, row_of(-static_cast<int>(code)));
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(status.message(), "refused");
  }
  // One of a later version.
  EXPECT_EQ(write_to(*sink, row_of(-77)).code(), Code::internal);
}

TEST_F(ModuleSinkTest, VerdictsAndNoticesArrive) {
  SinkPtr sink = probe();
  Rows rows({{"first", Kind::text}});
  for (const char* what : {"x", "refuse", "doubt", "notice", "refuse"}) {
    rows.add({what});
  }
  KeptReport said;
  EXPECT_TRUE(sink->write(rows, said).ok());
  EXPECT_EQ(said.refused_rows(), (std::vector<std::size_t>{1, 4}));
  EXPECT_EQ(said.refused[0].reason, "it was asked to");
  EXPECT_EQ(said.doubtful, (std::vector<std::size_t>{2}));
  EXPECT_EQ(said.notices, (Lines{"there is more to it"}));
}

TEST_F(ModuleSinkTest, TheTimeThatACallHasWaitedArrives) {
  SinkPtr sink = probe();
  KeptReport said;
  said.waited = 12345;
  EXPECT_TRUE(sink->write(row_of("waited"), said).ok());
  EXPECT_EQ(said.notices, (Lines{"waited 12345 ns"}));
}

TEST_F(ModuleSinkTest, VerdictsOfATickArrive) {
  SinkPtr sink = probe({{"judges_ticks", true}});
  KeptReport said;
  EXPECT_TRUE(sink->tick(kTestTime, said).ok());
  EXPECT_EQ(said.refused_rows(), (std::vector<std::size_t>{41}));
}

TEST_F(ModuleSinkTest, AVerdictOnARowThatWasNotGivenIsANotice) {
  SinkPtr sink = probe();
  const KeptReport said = said_of(*sink, row_of("absurd"));
  EXPECT_TRUE(said.refused.empty());
  EXPECT_EQ(said.notices,
            (Lines{"its module speaks of a row that it was not given"}));
}

TEST_F(ModuleSinkTest, WhereRowsComeFromArrives) {
  SinkPtr sink = probe();
  const Rows rows = row_of(7);
  RowBatch batch = rows;
  const std::uint64_t position = UINT64_MAX;
  RowOrigin origin;
  origin.queue[15] = 9;
  origin.positions = &position;
  batch.origin = &origin;
  EXPECT_TRUE(write_to(*sink, batch).ok());
  EXPECT_TRUE(has(written(), "of queue 9 up to 18446744073709551615"));
}

TEST_F(ModuleSinkTest, LongMessageIsCutAtACharacter) {
  SinkPtr sink = probe();
  EXPECT_TRUE(write_to(*sink, row_of("write at length")).ok());
  const Status status = write_to(*sink, row_of(-1));
  const std::string_view text = status.message();
  EXPECT_GT(text.size(), 4000u);
  EXPECT_LE(text.size(), 4096u);
  EXPECT_TRUE(text.ends_with("\xC3\xA4"));
}

TEST_F(ModuleSinkTest, NothingThrownLeavesTheModule) {
  SinkPtr sink = probe();
  Status status = write_to(*sink, row_of("throw"));
  EXPECT_EQ(status.code(), Code::internal);
  EXPECT_EQ(status.message(), "threw: the probe fell");
  status = write_to(*sink, row_of("throw a number"));
  EXPECT_EQ(status.message(), "threw something that is no std::exception");
  status = write_to(*sink, row_of("exhaust"));
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(status.message(), "there was no memory for it");
  EXPECT_TRUE(write_to(*sink, row_of(1)).ok());

  SinkPtr none;
  status = make({{"make", "an exception"}}, &none);
  EXPECT_EQ(status.code(), Code::internal);
  EXPECT_EQ(status.message(), "threw: no probe today");
}

TEST_F(ModuleSinkTest, FactoryMayFail) {
  SinkPtr sink;
  EXPECT_EQ(make({{"make", "nothing"}}, &sink).message(),
            "its factory made no sink");
  const Status status = make({{"make", "a failure"}}, &sink);
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(status.message(), "not now");
  EXPECT_FALSE(sink);
}

TEST_F(ModuleSinkTest, FactoryReadsTheOptions) {
  const std::string path = log();
  const Field given[] = {{"path", path},
                         {"make", "a report"},
                         {"number", 3},
                         {"ratio", 1},
                         {"aliases", Json{R"({"level":"severity","a":""})"}}};
  Options options("probe", given);
  OptionsAccess::set_identifier(options, "shop");
  OptionsAccess::set_sink_name(options, "mine");
  const ModuleSearch search = load_module("probe");
  ASSERT_NE(search.module, nullptr);
  SinkPtr sink;
  EXPECT_EQ(
      make_module_sink("probe", *search.module, options, &sink).message(),
      "identifier shop, name mine, number 3, ratio 1.000000, has path yes, "
      "a problem with it no, aliases level=severity a=");
}

TEST_F(ModuleSinkTest, AProgramOfTheFirstVersionHasNoTables) {
  const std::string path = log();
  const Field given[] = {{"path", path},
                         {"make", "a report"},
                         {"aliases", Json{R"({"level":"severity"})"}}};
  Options options("probe", given);
  const HostOptions host("probe", options);
  // What is behind it is not to be read.
  stogger_options old = *host.table();
  old.size = STOGGER_OPTIONS_FIRST_SIZE;
  char room[1000];
  stogger_message message{room, sizeof room, 0};
  void* sink = nullptr;
  EXPECT_NE(load_module("probe").module->make_sink(&old, &sink, &message), 0u);
  EXPECT_EQ(std::string_view(room, message.size),
            "probe sink: unknown option \"aliases\"");
}

TEST_F(ModuleSinkTest, WrongOptionsGetTheMessagesOfTheLibrary) {
  EXPECT_EQ(option_problem({{"nubmer", 3}}),
            "probe sink: unknown option \"nubmer\" (did you mean "
            "\"number\"?)");
  EXPECT_EQ(option_problem({{"number", 10}}),
            "probe sink: \"number\" must be between 1 and 9, not 10");
  EXPECT_EQ(option_problem({{"number", 4}}),
            "probe sink: \"number\" must not be four");
  EXPECT_EQ(option_problem({{"ratio", "much"}}),
            "probe sink: \"ratio\" must be a number, not text");
  EXPECT_EQ(option_problem({{"counts", 1}}),
            "probe sink: \"counts\" must be true or false, not an integer");
  EXPECT_EQ(option_problem({{"form", "tabel"}}),
            "probe sink: \"form\" must be \"table\", \"json\", \"fields\" or "
            "\"absurd\", not \"tabel\" (did you mean \"table\"?)");
  EXPECT_EQ(option_problem({{"columns", Json{"[1]"}}}),
            "probe sink: \"columns\" must be a list of texts only");
  SinkPtr sink;
  EXPECT_EQ(make_sink("probe", {}, &sink).message(),
            "probe sink: \"path\" is required");
}

TEST_F(ModuleSinkTest, WritingAllocatesNothing) {
  if (!kCannotCountAllocations.empty()) {
    GTEST_SKIP() << kCannotCountAllocations;
  }
  SinkPtr sink = probe({{"quiet", true}, {"counts", true}});
  const Rows rows = table_rows({{}, {}, {}});
  ASSERT_TRUE(write_to(*sink, rows).ok());
  const std::size_t before = allocation_count;
  for (int i = 0; i < 100; ++i) {
    Tally tally;
    ASSERT_TRUE(write_to(*sink, rows).ok() && sink->tally(&tally));
  }
  EXPECT_EQ(allocation_count, before);
}

}  // namespace
}  // namespace stogger
