#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/builtin.h"
#include "tests/support/for_samples.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;

// Files, rotation and failures are looked at in file_sink_test.cc: the two
// types share all of that.
class JsonlSink : public ::testing::Test {
 protected:
  void make_open(std::vector<Field> fields = {}) {
    fields.push_back({"path", path_});
    sink_ = make_or_throw(make_jsonl_sink, fields);
    ASSERT_OK(sink_->open());
  }

  TempFolder folder_;
  std::string path_ = folder_.file("app.jsonl");
  SinkPtr sink_;
};

TEST_F(JsonlSink, ItsFormIsJsonAndCannotBeChosen) {
  make_open();
  EXPECT_EQ(sink_->form(), RowForm::json);
  EXPECT_EQ(sink_->target(), path_);
  EXPECT_THAT(refusal(make_jsonl_sink, {{"path", path_}, {"format", "text"}}),
              HasSubstr("\"format\" is always \"json\" here"));
  make_open({{"format", "json"}});
  EXPECT_EQ(sink_->form(), RowForm::json);
}

TEST_F(JsonlSink, LocalTimesAreForRotationByDateAlone) {
  EXPECT_THAT(refusal(make_jsonl_sink, {{"path", path_}, {"time", "local"}}),
              HasSubstr("always in UTC"));
  make_open({{"rotation", "hourly"}, {"time", "local"}});
  EXPECT_EQ(sink_->form(), RowForm::json);
}

TEST_F(JsonlSink, KeysThatAreRenamedAreAskedForInTheirOrder) {
  make_open({{"keys", Json{R"({"level":"severity","message":"event",
                               "event":"message"})"}}});
  EXPECT_EQ(sink_->form(), RowForm::renamed_json);
  const RowBatch names = sink_->columns();
  std::vector<std::string_view> all;
  for (std::size_t i = 0; i < names.column_count; ++i) {
    all.push_back(names.columns[i].name);
  }
  EXPECT_EQ(
      all, std::vector<std::string_view>({"timestamp", "severity", "message",
                                          "func", "scope", "logger", "event"}));
}

TEST_F(JsonlSink, WrongKeysAreRefused) {
  const auto refused = [&](const char* keys) {
    return refusal(make_jsonl_sink, {{"path", path_}, {"keys", Json{keys}}});
  };
  EXPECT_THAT(
      refused(R"({"levle":"severity"})"),
      HasSubstr("or \"message\", not \"levle\" (did you mean \"level\"?)"));
  EXPECT_THAT(refused(R"({"level":""})"),
              HasSubstr("gives \"level\" an empty name"));
  EXPECT_THAT(refused(R"({"level":"event"})"),
              HasSubstr("gives two keys the name \"event\""));
  EXPECT_THAT(refused(R"({"level":"x","scope":"x"})"),
              HasSubstr("gives two keys the name \"x\""));
  EXPECT_THAT(refused(R"({"level":1})"), HasSubstr("table of texts"));
  EXPECT_THAT(refused(R"(["level"])"), HasSubstr("table of texts"));
  EXPECT_THAT(
      refusal(make_file_sink,
              {{"path", path_}, {"keys", Json{R"({"level":"severity"})"}}}),
      HasSubstr("is for format = \"json\""));
}

TEST_F(JsonlSink, ColumnsOfSamplesKeepTheirNames) {
  const Field fields[] = {{"path", path_},
                          {"keys", Json{R"({"level":"severity"})"}}};
  EXPECT_THROW(make_for_samples_or_throw(make_jsonl_sink, fields),
               std::runtime_error);
}

TEST_F(JsonlSink, AnEventIsWrittenAsItWasRendered) {
  make_open();
  EXPECT_OK(write_to(*sink_, line_rows({"{\"level\":\"info\"}\n"})));
  EXPECT_EQ(read_file(path_), "{\"level\":\"info\"}\n");
}

TEST_F(JsonlSink, ASampleBecomesAnObject) {
  make_open();
  EXPECT_OK(write_to(
      *sink_,
      field_rows({{{"device", "mfc1"}, {"flow", 101.3}, {"status", nullptr}},
                  {{"device", "mfc2"}, {"flow", 7.0}, {"status", ""}}})));
  EXPECT_EQ(read_file(path_),
            "{\"device\":\"mfc1\",\"flow\":101.3,\"status\":null}\n"
            "{\"device\":\"mfc2\",\"flow\":7.0,\"status\":\"\"}\n");
}

TEST_F(JsonlSink, ItRotatesAndWritesInBlocksToo) {
  make_open({{"rotation", "size"},
             {"max_bytes", 8},
             {"backup_count", 1},
             {"flush", "block"},
             {"mode", "append"}});
  EXPECT_OK(write_to(*sink_, line_rows({"{\"a\":1}\n", "{\"a\":2}\n"})));
  EXPECT_EQ(read_file(path_), "");
  EXPECT_OK(sink_->flush());
  EXPECT_EQ(read_file(path_ + ".1"), "{\"a\":1}\n");
  EXPECT_EQ(read_file(path_), "{\"a\":2}\n");
}

}  // namespace
}  // namespace stogger
