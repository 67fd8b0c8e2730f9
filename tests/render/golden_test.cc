// One rich set of events in every form, compared with files byte by byte. With
// STOGGER_UPDATE_GOLDEN=1 in the environment the files are written anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/rows.h"
#include "tests/support/temp_folder.h"

namespace stogger {

namespace shop {

struct Money {
  int cents;
};
void write_value(ValueWriter& out, const Money& money) {
  out.append(std::to_string(money.cents / 100));
  out.append(".");
  out.append(std::to_string(money.cents % 100));
}

struct Broken {};
void write_value(ValueWriter&, const Broken&) {
  throw std::runtime_error("no such row");
}

}  // namespace shop

namespace {

// Writes down what it is handed: lines as they are, other rows as one line a
// value.
class Writer final : public Sink {
 public:
  Writer(RowForm form, std::vector<Column> columns, std::string* out)
      : form_(form), columns_(std::move(columns)), out_(out) {}

  RowForm form() const noexcept override { return form_; }
  RowBatch columns() const noexcept override {
    RowBatch batch;
    batch.columns = columns_.data();
    batch.column_count = columns_.size();
    return batch;
  }

  Status write(const RowBatch& rows, WriteReport&) override {
    const bool line = rows.column_count == 1 && rows.columns[0].name == "line";
    if (line) {
      *out_ += rows.at(0, 0).text();
      return {};
    }
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      const Value& value = rows.at(0, i);
      Buffer shown;
      append_json_string(shown, rows.columns[i].name);
      shown.append(" ");
      shown.append(name_of(rows.columns[i].kind));
      shown.append(" = ");
      shown.append(name_of(value.kind()));
      shown.append(" ");
      append_json_value(shown, value);
      *out_ += shown.view();
      *out_ += '\n';
    }
    *out_ += '\n';
    return {};
  }

 private:
  static std::string_view name_of(Kind kind) {
    constexpr std::string_view kNames[] = {"null",     "boolean", "integer",
                                           "unsigned", "real",    "text",
                                           "time",     "json",    "custom"};
    return kNames[static_cast<std::size_t>(kind)];
  }

  const RowForm form_;
  const std::vector<Column> columns_;
  std::string* const out_;
};

constexpr Where kWhere = {"handle", "src/handle.cc", 17};

void log_usual(const Logger& log) {
  log.info("user-login", {{"user_id", 42}, {"ip", "10.0.0.1"}, {"ms", 14.7}},
           {}, kWhere);
  log.warning("disk-low", {{"free_mb", 120.5}, {"mount", "/var"}},
              "Only {free_mb:.1f} MB left on {mount}", kWhere);
  log.info("bare", {}, {}, kWhere);
  for (const Level level : {Level::trace, Level::debug, Level::error,
                            Level::critical, Level::alert}) {
    log.log(level, "level", {{"name", to_string(level)}}, {}, kWhere);
  }
  log.log(Level::info, "nowhere", {}, {}, Where{});
}

void log_values(const Logger& log) {
  using Limits = std::numeric_limits<double>;
  log.info("integers",
           {{"zero", 0}, {"least", INT64_MIN}, {"most", UINT64_MAX}}, {},
           kWhere);
  log.info("reals",
           {{"one", 1.0},
            {"minus-zero", -0.0},
            {"third", 1.0 / 3.0},
            {"large", 1e22},
            {"max", Limits::max()},
            {"denormal", Limits::denorm_min()},
            {"nan", Limits::quiet_NaN()},
            {"infinity", Limits::infinity()},
            {"minus-infinity", -Limits::infinity()}},
           {}, kWhere);
  log.info("others",
           {{"null", nullptr},
            {"true", true},
            {"false", false},
            {"char", 'c'},
            {"time", kTestTime},
            {"nanoseconds", Time{kTestTime.ns + 7}},
            {"json", Json{"{ \"a\": [1, 2.50, null], \"b\": \"\\u00e4\" }"}},
            {"broken-json", Json{"{\"a\": "}},
            {"money", shop::Money{1999}},
            {"broken", shop::Broken{}}},
           {}, kWhere);
  log.info("texts",
           {{"empty", ""},
            {"spaces", "two words"},
            {"equals", "a=b"},
            {"quotes", "say \"hi\""},
            {"backslash", "C:\\temp"},
            {"letters", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
            {"lines", "a\nb\r\nc\td"},
            {"escape", "\x1b[31mred\x1b[0m\xC2\x9B\x7F"},
            {"separators", "\xE2\x80\xA8\xE2\x80\xA9\xC2\x85"},
            {"direction", "\xE2\x80\xAE\xE2\x81\xA6"},
            {"bad", std::string_view("\xFF\0\xC0\xAF", 4)}},
           {}, kWhere);
}

void log_keys(const Logger& log) {
  log.info("reserved",
           {{"id", 1},
            {"timestamp", 2},
            {"level", 3},
            {"event", 4},
            {"data", 5},
            {"message", 6},
            {"logger", 7}},
           {}, kWhere);
  log.info("columns", {{"func", "my_function"}, {"scope", 12}}, {}, kWhere);
  log.info("equal", {{"a", 1}, {"b", 2}, {"a", "last"}}, {}, kWhere);
  log.info("secrets",
           {{"password", "hunter2"},
            {"Token", 42},
            {"json", Json{"{\"api_key\": [1], \"user\": \"ann\"}"}}},
           "{password}", kWhere);
  log.info("odd-keys", {{"", 1}, {"a b", 2}, {"a=\"\n", 3}, {"\xFF", 4}}, {},
           kWhere);
}

void log_context(const System& system) {
  const Logger log = system.logger("http").with({{"request_id", "a7f3"}});
  const Scope outer(log, "request", {{"order", 7}}, kWhere);
  {
    const Scope inner(log, "checkout", {{"step", 1}}, kWhere);
    log.info("inside", {{"step", 2}}, "step {step} of {order}", kWhere);
  }
  try {
    throw std::runtime_error("no \"bolts\"\nleft");
  } catch (...) {
    log.exception("work-failed", {{"id", 3}}, {}, kWhere);
  }
}

void log_odd(const Logger& log) {
  log.error("templates", {{"a", 1}, {"none", nullptr}},
            "{a} {b} {none} {a:zz} {{}} {a:>4} }", kWhere);
  log.info("", {{"empty", "name"}}, {}, kWhere);
  log.info("an-event-with-a-name-of-more-than-thirty-characters", {{"a", 1}},
           {}, kWhere);
  log.info("two\nlines \x1b[31m\xFF", {{"a", 1}}, {}, kWhere);
}

std::string write_all(RowForm form, std::vector<Column> columns = {}) {
  std::string out;
  testing::ManualClock clock(kTestTime);
  System system(&clock);
  const Status added = system.add_sink(
      "golden", SinkPtr(new Writer(form, std::move(columns), &out)));
  EXPECT_TRUE(added.ok()) << added.message();
  const Logger log = system.logger();
  log_usual(log);
  log_values(log);
  log_keys(log);
  log_context(system);
  log_odd(log);
  return out;
}

void compare(std::string_view name, const std::string& found) {
  const std::string path =
      std::string(STOGGER_SOURCE_DIR) + "/tests/golden/" + std::string(name);
  const char* const update = std::getenv("STOGGER_UPDATE_GOLDEN");
  if (update != nullptr && update == std::string_view("1")) {
    write_file(path, found);
  }
  const std::string expected = read_file(path);
  ASSERT_FALSE(expected.empty())
      << path << " is not there; STOGGER_UPDATE_GOLDEN=1 writes it";
  EXPECT_EQ(found, expected) << "if this is meant to be so, write " << path
                             << " anew with STOGGER_UPDATE_GOLDEN=1";
}

TEST(GoldenTest, Text) { compare("text.txt", write_all(RowForm::text)); }

TEST(GoldenTest, ColoredText) {
  compare("colored_text.txt", write_all(RowForm::colored_text));
}

TEST(GoldenTest, Json) { compare("json.jsonl", write_all(RowForm::json)); }

TEST(GoldenTest, Logfmt) { compare("logfmt.txt", write_all(RowForm::logfmt)); }

TEST(GoldenTest, Table) { compare("table.txt", write_all(RowForm::table)); }

TEST(GoldenTest, TableOfOwnColumns) {
  compare("own_columns.txt",
          write_all(RowForm::table, {{"event", Kind::text},
                                     {"user_id", Kind::integer},
                                     {"a", Kind::null},
                                     {"ms", Kind::real},
                                     {"one", Kind::real},
                                     {"zero", Kind::real},
                                     {"data", Kind::json}}));
}

TEST(GoldenTest, Fields) { compare("fields.txt", write_all(RowForm::fields)); }

}  // namespace
}  // namespace stogger
