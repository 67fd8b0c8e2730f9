#include "tests/contract/sink_contract.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "base/utf8.h"
#include "tests/support/count_allocations.h"
#include "tests/support/kept_report.h"
#include "tests/support/seconds.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

using Numbers = std::vector<std::int64_t>;
using Events = std::vector<std::vector<Field>>;

std::string describe(const Value& value) {
  const std::string kind =
      "kind " + std::to_string(static_cast<int>(value.kind())) + ": ";
  switch (value.kind()) {
    case Kind::boolean:
    case Kind::integer:
      return kind + std::to_string(value.integer());
    case Kind::unsigned_integer:
      return kind + std::to_string(value.unsigned_integer());
    case Kind::real:
      return kind + std::to_string(value.real());
    case Kind::time:
      return kind + std::to_string(value.time().ns) + " ns";
    case Kind::text:
    case Kind::json:
      return kind + ::testing::PrintToString(std::string(value.text()));
    default:
      return kind;
  }
}

const OwnedField* find(const OwnedRow& row, std::string_view name) {
  const auto at = std::find_if(row.begin(), row.end(), [&](const auto& field) {
    return field.name() == name;
  });
  return at == row.end() ? nullptr : &*at;
}

// What every failure owes its reader.
void expect_told(const Status& status) {
  EXPECT_FALSE(status.message().empty());
  EXPECT_EQ(status.message().find('\n'), std::string_view::npos)
      << status.message();
  EXPECT_NE(status.code(), Code::internal) << status.message();
}

}  // namespace

bool identical(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null:
    case Kind::custom:
      return true;
    case Kind::boolean:
      return a.boolean() == b.boolean();
    case Kind::integer:
    case Kind::unsigned_integer:
      return a.integer() == b.integer();
    case Kind::real:
      if (std::isnan(a.real()) && std::isnan(b.real())) return true;
      return std::bit_cast<std::uint64_t>(a.real()) ==
             std::bit_cast<std::uint64_t>(b.real());
    case Kind::time:
      return a.time() == b.time();
    case Kind::text:
    case Kind::json:
      return a.text() == b.text();
  }
  return false;
}

std::string with_replacements(std::string_view text) {
  std::string mended;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (step.valid && step.codepoint != 0) {
      mended += text.substr(0, step.size);
    } else {
      mended += kReplacement;
    }
    text.remove_prefix(step.size);
  }
  return mended;
}

Status SinkContract::write_events(const Events& events) {
  now_.ns += kSecond;
  const Rows rows = driver_->rows(events, now_);
  KeptReport said;
  Status status = sink_->write(rows, said);
  if (!status.ok() || said.is_empty()) return status;
  return Status(Code::unavailable, said.text());
}

Status SinkContract::write(std::int64_t number) {
  return write_events({{{"seq", number}}});
}

Status SinkContract::deliver(std::int64_t number) {
  Status status = write(number);
  return status.ok() ? sink_->flush() : status;
}

Numbers SinkContract::numbers() {
  Numbers numbers;
  for (const OwnedRow& row : driver_->read_back(*sink_)) {
    const OwnedField* field = find(row, "seq");
    std::int64_t number = INT64_MIN;
    if (field == nullptr) {
      ADD_FAILURE() << "a row without seq";
    } else if (field->value().kind() == Kind::text) {
      const Value value = field->value();
      std::from_chars(value.text().data(),
                      value.text().data() + value.text().size(), number);
    } else {
      number = field->value().integer();
    }
    numbers.push_back(number);
  }
  return numbers;
}

void SinkContract::expect_rows(const Events& events) {
  const std::vector<OwnedRow> rows = driver_->read_back(*sink_);
  ASSERT_EQ(rows.size(), events.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const Field& given : events[i]) {
      SCOPED_TRACE("row " + std::to_string(i) + ", " + std::string(given.key));
      const OwnedField wanted = driver_->expected(given.key, given.value);
      const OwnedField* found = find(rows[i], given.key);
      ASSERT_NE(found, nullptr) << "the field is missing";
      EXPECT_TRUE(identical(found->value(), wanted.value()))
          << "given  " << describe(given.value) << "\nwanted "
          << describe(wanted.value()) << "\nfound  "
          << describe(found->value());
    }
  }
}

void SinkContract::expect_round_trip(const Events& events) {
  ASSERT_OK(sink_->open());
  for (const auto& event : events) ASSERT_OK(write_events({event}));
  ASSERT_OK(write_events(events));
  ASSERT_OK(sink_->flush());
  Events twice = events;
  twice.insert(twice.end(), events.begin(), events.end());
  expect_rows(twice);
}

// ---- Opening and closing

TEST_P(SinkContract, RowsArriveInOrder) {
  ASSERT_OK(sink_->open());
  for (std::int64_t i = 1; i <= 5; ++i) ASSERT_OK(write(i));
  ASSERT_OK(sink_->flush());
  EXPECT_EQ(numbers(), (Numbers{1, 2, 3, 4, 5}));
  EXPECT_OK(sink_->close());
  EXPECT_EQ(numbers(), (Numbers{1, 2, 3, 4, 5}));
}

TEST_P(SinkContract, CloseFlushes) {
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  EXPECT_OK(sink_->close());
  EXPECT_EQ(numbers(), Numbers{1});
}

TEST_P(SinkContract, OpeningTwiceChangesNothing) {
  ASSERT_OK(sink_->open());
  EXPECT_OK(sink_->open());
  ASSERT_OK(write(1));
  EXPECT_OK(sink_->open());
  ASSERT_OK(deliver(2));
  EXPECT_EQ(numbers(), (Numbers{1, 2}));
}

TEST_P(SinkContract, ClosingTwiceChangesNothing) {
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  EXPECT_OK(sink_->close());
  EXPECT_OK(sink_->close());
  EXPECT_EQ(numbers(), Numbers{1});
}

TEST_P(SinkContract, FlushAndCloseNeedNoOpen) {
  EXPECT_OK(sink_->flush());
  EXPECT_OK(sink_->close());
  EXPECT_OK(sink_->flush());
}

TEST_P(SinkContract, WritingBeforeOpenFails) {
  const Status early = write(1);
  ASSERT_FALSE(early.ok());
  expect_told(early);
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(2));
  EXPECT_EQ(numbers(), Numbers{2});
}

TEST_P(SinkContract, WritingAfterCloseFails) {
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  ASSERT_OK(sink_->close());
  const Status late = write(2);
  ASSERT_FALSE(late.ok());
  expect_told(late);
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(3));
  EXPECT_EQ(numbers(), (Numbers{1, 3}));
}

TEST_P(SinkContract, ASinkOpenedAgainGoesOnWhereItWas) {
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  ASSERT_OK(sink_->close());
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(2));
  EXPECT_EQ(numbers(), (Numbers{1, 2}));
}

TEST_P(SinkContract, TheNextSinkGoesOnWhereTheLastOneWas) {
  if (!driver_->outlives_sink()) GTEST_SKIP() << "the rows live in the sink";
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  ASSERT_OK(sink_->close());
  sink_ = driver_->make();
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(2));
  EXPECT_EQ(numbers(), (Numbers{1, 2}));
}

TEST_P(SinkContract, MakingASinkTouchesNothing) {
  driver_->make();
  SinkPtr unused = driver_->make();
  unused.reset();
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(1));
  EXPECT_EQ(numbers(), Numbers{1});
}

TEST_P(SinkContract, DestroyingAnOpenSinkIsSafe) {
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  sink_.reset();
}

// ---- Rows

TEST_P(SinkContract, ABatchOfManyRowsIsWrittenWhole) {
  Events events;
  Numbers wanted;
  for (std::int64_t i = 0; i < 1000; ++i) {
    events.push_back({{"seq", i}});
    wanted.push_back(i);
  }
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_events(events));
  ASSERT_OK(sink_->flush());
  EXPECT_EQ(numbers(), wanted);
}

TEST_P(SinkContract, AnEmptyBatchIsFineAndWritesNothing) {
  ASSERT_OK(sink_->open());
  EXPECT_OK(write_to(*sink_, RowBatch()));
  const Rows rows = driver_->rows({{{"seq", 1}}}, now_);
  RowBatch none = rows;
  none.row_count = 0;
  EXPECT_OK(write_to(*sink_, none));
  ASSERT_OK(sink_->flush());
  EXPECT_EQ(numbers(), Numbers{});
  ASSERT_OK(deliver(1));
  EXPECT_EQ(numbers(), Numbers{1});
}

TEST_P(SinkContract, EveryKindOfValueArrives) {
  using Real = std::numeric_limits<double>;
  expect_round_trip({{
      {"seq", 1},
      {"null_value", nullptr},
      {"true_value", true},
      {"false_value", false},
      {"zero", 0},
      {"minus_one", -1},
      {"int64_min", INT64_MIN},
      {"int64_max", INT64_MAX},
      {"above_int64", static_cast<std::uint64_t>(INT64_MAX) + 1},
      {"uint64_max", UINT64_MAX},
      {"whole_real", 1.0},
      {"minus_zero", -0.0},
      {"tenth", 0.1},
      {"thirds", 1.0 / 3.0},
      {"pi", 3.141592653589793},
      {"two_to_53", 9007199254740993.0},
      {"real_max", Real::max()},
      {"real_min", Real::min()},
      {"real_lowest", Real::lowest()},
      {"denormal", Real::denorm_min()},
      {"minus_denormal", -Real::denorm_min()},
      {"nan", Real::quiet_NaN()},
      {"infinity", Real::infinity()},
      {"minus_infinity", -Real::infinity()},
      {"text", "plain"},
      {"empty_text", ""},
      {"number_like_text", "0012"},
      {"time", kTestTime},
      {"time_in_nanoseconds", Time{kTestTime.ns + 123}},
      {"time_zero", Time{0}},
      {"time_before_1970", Time{-1500000000}},
      {"first_time", Time{INT64_MIN}},
      {"last_time", Time{INT64_MAX}},
      {"object", Json{R"({"b":[1,2.5,{"a":null}],"a":"x"})"}},
      {"array", Json{"[]"}},
      {"json_text", Json{R"("text")"}},
      {"json_null", Json{"null"}},
  }});
}

TEST_P(SinkContract, NullsMayComeFirstOrLater) {
  expect_round_trip({
      {{"seq", 1}, {"a", nullptr}, {"b", 1}, {"c", nullptr}},
      {{"seq", 2}, {"a", "x"}, {"b", nullptr}, {"c", nullptr}},
      {{"seq", 3}, {"a", nullptr}, {"b", 2}, {"c", nullptr}},
  });
}

TEST_P(SinkContract, HostileTextArrivesAndForgesNothing) {
  using namespace std::string_view_literals;
  const std::string_view texts[] = {
      "line\nbreak"sv,
      "\n"sv,
      "\r\n"sv,
      "carriage\rreturn"sv,
      "nul\0inside"sv,
      "\0"sv,
      "tab\tand bell\a"sv,
      "\x1b[31mred\x1b[0m"sv,
      "\x1b]0;title\x07"sv,
      "\x7f"sv,
      "\xc2\x85 and \xc2\x9b"sv,     // C1 controls
      "\xe2\x80\xa8\xe2\x80\xa9"sv,  // line and paragraph separators
      "\xef\xbb\xbf"sv,              // byte order mark
      "\xff\xfe"sv,
      "cut \xe2\x82"sv,
      "overlong \xc0\xaf"sv,
      "surrogate \xed\xa0\x80"sv,
      "too large \xf4\x90\x80\x80"sv,
      "\xf0\x9f\x98\x80 \xc3\xbc"sv,  // valid
      "\"quoted\", 'so', `or so`"sv,
      "back\\slash \\n \\"sv,
      "a,b;c|d=e"sv,
      " spaces around "sv,
      "'; DROP TABLE stogger_logs; --"sv,
      "=1+1"sv,
      "null"sv,
      "NULL"sv,
      "NaN"sv,
      "true"sv,
      "{\"seq\":99}"sv,
      "\n{\"seq\":99}\n"sv,
      "%s%n ${HOME} {name}"sv,
  };
  Events events;
  for (const std::string_view text : texts) {
    const auto number = static_cast<std::int64_t>(events.size());
    events.push_back({{"seq", number}, {"text", text}});
  }
  expect_round_trip(events);
}

TEST_P(SinkContract, LongTextArrivesWhole) {
  const std::string letters(1000 * 1000, 'x');
  const std::string breaks(100 * 1000, '\n');
  expect_round_trip({{{"seq", 1}, {"text", letters}},
                     {{"seq", 2}, {"text", breaks}},
                     {{"seq", 3}, {"text", "short"}}});
}

// ---- Counting

TEST_P(SinkContract, TheTallyCountsEveryRowOnce) {
  ASSERT_OK(sink_->open());
  Tally tally;
  if (!sink_->tally(&tally)) GTEST_SKIP() << "the sink leaves it to the caller";
  EXPECT_EQ(tally.written + tally.buffered, 0u);
  ASSERT_OK(write_events({{{"seq", 1}}, {{"seq", 2}}, {{"seq", 3}}}));
  ASSERT_TRUE(sink_->tally(&tally));
  EXPECT_EQ(tally.written + tally.buffered, 3u);
  ASSERT_OK(deliver(4));
  ASSERT_TRUE(sink_->tally(&tally));
  EXPECT_EQ(tally.written, 4u);
  EXPECT_EQ(tally.buffered, 0u);
  ASSERT_OK(sink_->close());
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(5));
  ASSERT_TRUE(sink_->tally(&tally));
  EXPECT_EQ(tally.written, 5u);
}

// ---- Failure and recovery

TEST_P(SinkContract, ABrokenTargetIsReportedAndHeals) {
  if (!driver_->unbreakable().empty()) GTEST_SKIP() << driver_->unbreakable();
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(1));
  driver_->break_target();
  Status broken = deliver(2);
  if (broken.ok()) broken = deliver(3);
  EXPECT_FALSE(broken.ok());
  if (!broken.ok()) expect_told(broken);

  // As whoever owns a sink does: close, and try again now and then.
  for (std::int64_t number = 4; number < 7; ++number) {
    static_cast<void>(sink_->close());
    Status again = sink_->open();
    if (again.ok()) again = deliver(number);
    EXPECT_FALSE(again.ok());
    if (!again.ok()) expect_told(again);
  }
  static_cast<void>(sink_->close());
  driver_->mend_target();
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(7));
  ASSERT_OK(deliver(8));

  // 2 to 6 may be lost, or come now from a buffer, but once at most.
  const Numbers found = numbers();
  EXPECT_EQ(
      std::adjacent_find(found.begin(), found.end(), std::greater_equal<>()),
      found.end())
      << ::testing::PrintToString(found);
  ASSERT_GE(found.size(), 3u);
  EXPECT_EQ(found.front(), 1);
  EXPECT_EQ(found[found.size() - 2], 7);
  EXPECT_EQ(found.back(), 8);
  Tally tally;
  if (sink_->tally(&tally)) {
    EXPECT_EQ(tally.written, found.size());
    EXPECT_EQ(tally.buffered, 0u);
  }
}

TEST_P(SinkContract, ATargetMissingAtFirstIsFoundLater) {
  if (!driver_->unbreakable().empty()) GTEST_SKIP() << driver_->unbreakable();
  driver_->break_target();
  Status broken = sink_->open();
  if (broken.ok()) broken = deliver(1);
  EXPECT_FALSE(broken.ok());
  if (!broken.ok()) expect_told(broken);
  static_cast<void>(sink_->close());
  driver_->mend_target();
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(2));
  const Numbers found = numbers();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back(), 2);
}

TEST_P(SinkContract, DestroyingASinkWithABrokenTargetIsSafe) {
  if (!driver_->unbreakable().empty()) GTEST_SKIP() << driver_->unbreakable();
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  driver_->break_target();
  static_cast<void>(write(2));
  sink_.reset();
  driver_->mend_target();
}

// ---- After fork()

TEST_P(SinkContract, AnAbandonedSinkCanBeOpenedAgain) {
  sink_->abandon();
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(1));
  sink_->abandon();
  sink_->abandon();
  EXPECT_FALSE(write(2).ok());
  ASSERT_OK(sink_->open());
  ASSERT_OK(deliver(3));
  EXPECT_EQ(numbers().back(), 3);
  if (driver_->outlives_sink()) {
    EXPECT_EQ(numbers(), (Numbers{1, 3}));
  }
}

TEST_P(SinkContract, AChildNeitherLosesNorRepeatsRows) {
  if (!driver_->outlives_sink()) GTEST_SKIP() << "the rows live in the sink";
  if (!driver_->unforkable().empty()) GTEST_SKIP() << driver_->unforkable();
  ASSERT_OK(sink_->open());
  ASSERT_OK(write(1));
  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    sink_->abandon();
    const bool fine = sink_->open().ok() && write(2).ok() &&
                      sink_->flush().ok() && sink_->close().ok();
    ::_exit(fine ? 0 : 1);
  }
  int exit_status = -1;
  ASSERT_EQ(::waitpid(child, &exit_status, 0), child);
  EXPECT_EQ(exit_status, 0);
  ASSERT_OK(deliver(3));
  Numbers found = numbers();
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (Numbers{1, 2, 3}));
}

// ---- Cost

TEST_P(SinkContract, WritingAllocatesNothingOnceWarm) {
  if (!kCannotCountAllocations.empty()) {
    GTEST_SKIP() << kCannotCountAllocations;
  }
  if (!driver_->allocates().empty()) GTEST_SKIP() << driver_->allocates();
  ASSERT_OK(sink_->open());
  const Rows rows = driver_->rows(
      {{{"seq", 1}, {"text", "some text"}, {"real", 0.25}, {"none", nullptr}}},
      now_);
  RowBatch batch = rows;
  const auto write_some = [&] {
    bool fine = true;
    for (int i = 0; i < 200; ++i) {
      batch.now.ns += kSecond / 10;
      fine = write_to(*sink_, batch).ok() && fine;
    }
    return fine;
  };
  ASSERT_TRUE(write_some());
  const std::size_t before = allocation_count;
  const bool fine = write_some();
  const std::size_t after = allocation_count;
  EXPECT_TRUE(fine);
  EXPECT_EQ(after - before, 0u) << "in 200 writes";
}

}  // namespace stogger
