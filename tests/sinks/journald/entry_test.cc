#include "sinks/journald/entry.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "event/event.h"
#include "render/render.h"
#include "sinks/journald/journal_name.h"
#include "tests/support/rows.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using namespace std::string_view_literals;

// An event, and the entry it becomes.
class Entry {
 public:
  Entry(Level level, std::string_view name, std::vector<Field> fields = {},
        std::string_view message = {})
      : fields_(std::move(fields)) {
    event.time = kTestTime;
    event.level = level;
    event.name = name;
    event.message = message;
    event.message_template = message;
    event.fields = fields_.data();
    event.field_count = fields_.size();
  }

  const Entry& render() {
    RowBatch row;
    stogger::render(event, RowForm::event, RowBatch(), rendered_, &row);
    scratch.sanitized = rendered_.sanitized;
    rows_ = make_journal_entry(row, 0, scratch);
    return *this;
  }

  std::size_t size() const { return rows_.column_count; }
  std::string_view name(std::size_t i) const { return rows_.columns[i].name; }
  std::string_view value(std::size_t i) const {
    return rows_.at(0, i).kind() == Kind::text ? rows_.at(0, i).text()
                                               : "not text"sv;
  }
  // The value of the only field of that name.
  std::string get(std::string_view wanted) const {
    const std::vector<std::string> values = all(wanted);
    return values.size() == 1 ? values[0]
                              : std::to_string(values.size()) + " fields";
  }
  std::vector<std::string> all(std::string_view wanted) const {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < size(); ++i) {
      if (name(i) == wanted) values.emplace_back(value(i));
    }
    return values;
  }
  bool has(std::string_view wanted) const { return !all(wanted).empty(); }
  const RowBatch& rows() const { return rows_; }

  Event event;
  struct Scratch : EntryScratch {
    std::uint32_t sanitized = 0;
  } scratch;

 private:
  std::vector<Field> fields_;
  RowScratch rendered_;
  RowBatch rows_;
};

Entry user_login() {
  Entry entry(Level::info, "user-login", {{"user_id", 42}, {"ip", "10.0.0.1"}});
  entry.event.func = "handle";
  entry.event.scope = "request";
  entry.event.logger = "http";
  entry.event.where = {"handle", "src/login.cc", 17};
  return entry;
}

std::string message_of(Entry entry) { return entry.render().get("MESSAGE"); }

TEST(JournalRendering, TheMessageIsTheEventAndItsFields) {
  EXPECT_EQ(message_of(user_login()), "user-login: user_id=42 ip=10.0.0.1");
  EXPECT_EQ(message_of({Level::info, "started"}), "started");
  EXPECT_EQ(message_of({Level::info, "said", {{"what", "a \"b\" c"}}}),
            "said: what=\"a \\\"b\\\" c\"");
}

TEST(JournalRendering, ANameDoesNotPassForPairs) {
  EXPECT_EQ(message_of({Level::info, "said: user=root", {{"user", "bob"}}}),
            "\"said: user=root\": user=bob");
  EXPECT_EQ(message_of({Level::info, "said: hello"}), "said: hello");
}

TEST(JournalRendering, AMessageTakesThePlaceOfTheFields) {
  EXPECT_EQ(
      message_of({Level::info, "disk-low", {{"mb", 1}}, "Only 1 MB left"}),
      "disk-low: Only 1 MB left");
}

TEST(JournalRendering, AMessageMayBeEmpty) {
  Entry entry(Level::info, "disk-low", {{"mb", 1}});
  entry.event.message_template = "{nothing}";
  EXPECT_EQ(entry.render().get("MESSAGE"), "disk-low: ");
}

TEST(JournalRendering, ANamelessEventHasAMessageToo) {
  EXPECT_EQ(message_of({Level::info, ""}), "");
  EXPECT_EQ(message_of({Level::info, "", {{"a", 1}}}), "a=1");
}

TEST(JournalRendering, MessagesKeepTheirLinesAndNothingElseThatControls) {
  EXPECT_EQ(message_of({Level::info, "trace", {}, "one\ntwo\n\tthree"}),
            "trace: one\ntwo\n\tthree");
  EXPECT_EQ(
      message_of({Level::info, "x", {}, "\x1b[31mred\x1b[m\r\x9b\xc2\x9b"}),
      "x: \\x1b[31mred\\x1b[m\\r\xef\xbf\xbd\\u009b");
  EXPECT_EQ(message_of({Level::info, "two\nlines", {{"a", "b\nc"}}}),
            "two\\nlines: a=\"b\\nc\"");
}

TEST(JournalRendering, EachLevelHasItsPriority) {
  const std::pair<Level, std::string_view> levels[] = {
      {Level::trace, "7"},   {Level::debug, "7"}, {Level::info, "6"},
      {Level::warning, "4"}, {Level::error, "3"}, {Level::critical, "2"},
      {Level::alert, "1"}};
  for (const auto& [level, priority] : levels) {
    Entry entry(level, "x");
    EXPECT_EQ(entry.render().get("PRIORITY"), priority);
    EXPECT_EQ(entry.get("LEVEL"), to_string(level));
  }
}

TEST(JournalRendering, TheEventSaysWhereItComesFrom) {
  Entry entry = user_login();
  entry.render();
  EXPECT_EQ(entry.get("EVENT"), "user-login");
  EXPECT_EQ(entry.get("SCOPE"), "request");
  EXPECT_EQ(entry.get("LOGGER"), "http");
  EXPECT_EQ(entry.get("CODE_FILE"), "src/login.cc");
  EXPECT_EQ(entry.get("CODE_LINE"), "17");
  EXPECT_EQ(entry.get("CODE_FUNC"), "handle");
}

TEST(JournalRendering, WhatIsAbsentIsLeftOut) {
  Entry entry(Level::info, "started");
  entry.render();
  ASSERT_EQ(entry.size(), 4u);
  EXPECT_EQ(entry.name(0), "MESSAGE");
  EXPECT_EQ(entry.name(1), "PRIORITY");
  EXPECT_EQ(entry.name(2), "LEVEL");
  EXPECT_EQ(entry.name(3), "EVENT");
}

TEST(JournalRendering, EveryKindOfValueBecomesText) {
  using Real = std::numeric_limits<double>;
  Entry entry(Level::info, "x",
              {{"a", nullptr},
               {"b", true},
               {"c", false},
               {"d", INT64_MIN},
               {"e", UINT64_MAX},
               {"f", 1.0},
               {"g", -0.0},
               {"h", 1.0 / 3},
               {"i", Real::quiet_NaN()},
               {"j", -Real::infinity()},
               {"k", Real::denorm_min()},
               {"l", Time{1795225168656642001}},
               {"m", Json{R"({"a":[1,null]})"}},
               {"n", "text"},
               {"o", ""}});
  entry.render();
  EXPECT_EQ(entry.get("A"), "");
  EXPECT_EQ(entry.get("B"), "true");
  EXPECT_EQ(entry.get("C"), "false");
  EXPECT_EQ(entry.get("D"), "-9223372036854775808");
  EXPECT_EQ(entry.get("E"), "18446744073709551615");
  EXPECT_EQ(entry.get("F"), "1.0");
  EXPECT_EQ(entry.get("G"), "-0.0");
  EXPECT_EQ(entry.get("H"), "0.3333333333333333");
  EXPECT_EQ(entry.get("I"), "NaN");
  EXPECT_EQ(entry.get("J"), "-Infinity");
  EXPECT_EQ(entry.get("K"), "5e-324");
  EXPECT_EQ(entry.get("L"), "2026-11-21T01:39:28.656642001Z");
  EXPECT_EQ(entry.get("M"), R"({"a":[1,null]})");
  EXPECT_EQ(entry.get("N"), "text");
  EXPECT_EQ(entry.get("O"), "");
  EXPECT_EQ(entry.scratch.sanitized, 0u);
}

TEST(JournalRendering, FieldsCannotPassForOthers) {
  const std::string_view keys[] = {"message",
                                   "Message-Id",
                                   "priority",
                                   "level",
                                   "event",
                                   "scope",
                                   "logger",
                                   "unit",
                                   "user_unit",
                                   "more_fields",
                                   "invocation_id",
                                   "code_file",
                                   "code_anything",
                                   "syslog_pid",
                                   "SYSLOG_FACILITY",
                                   "coredump_unit",
                                   "object_pid",
                                   "object_uid",
                                   "object_cmdline",
                                   "_message",
                                   "object_systemd_unit",
                                   "syslog_identifier"};
  std::vector<Field> fields;
  for (const std::string_view key : keys) fields.push_back({key, "forged"});
  Entry entry(Level::info, "x", fields);
  entry.render();
  for (std::size_t i = 4; i < entry.size(); ++i) {
    EXPECT_TRUE(entry.name(i).ends_with('_')) << entry.name(i);
    EXPECT_EQ(entry.value(i), "forged");
  }
  EXPECT_EQ(entry.size(), 4 + std::size(keys));
  EXPECT_EQ(entry.get("MESSAGE_ID_"), "forged");
  EXPECT_EQ(entry.all("MESSAGE_").size(), 2u);
}

TEST(JournalRendering, UnderscoresAreAppendedUntilTheNameIsFree) {
  Entry entry(Level::info, "x",
              {{"message", 1},
               {"message_", 2},
               {"level__", 3},
               {"level", 4},
               {"level.", 5},
               {"code_x", 6},
               {"code_x_", 7}});
  entry.render();
  EXPECT_EQ(entry.get("MESSAGE__"), "1");
  EXPECT_EQ(entry.get("MESSAGE_"), "2");
  EXPECT_EQ(entry.get("LEVEL__"), "3");
  EXPECT_EQ(entry.get("LEVEL___"), "4");
  EXPECT_EQ(entry.get("LEVEL_"), "5");
  EXPECT_EQ(entry.get("CODE_X_"), "6");
  EXPECT_EQ(entry.get("CODE_X__"), "7");
}

TEST(JournalRendering, NoNameGetsLongerThanTheJournalTakes) {
  std::vector<std::string> keys = {"message"};
  while (keys.back().size() < 64) keys.push_back(keys.back() + "_");
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.push_back({key, 1});
  Entry entry(Level::info, "x", fields);
  EXPECT_EQ(entry.render().all("MESSAGE" + std::string(57, '_')).size(), 2u);
}

TEST(JournalRendering, KeysThatAreNoNamesOfTheEntryStay) {
  Entry entry(Level::info, "x",
              {{"timestamp", 1}, {"data", 2}, {"id", 3}, {"func", 4}});
  EXPECT_EQ(entry.render().get("MESSAGE"), "x: timestamp=1 data=2 id=3 func=4");
  EXPECT_EQ(entry.get("TIMESTAMP"), "1");
  EXPECT_EQ(entry.get("DATA"), "2");
  EXPECT_EQ(entry.get("ID"), "3");
  EXPECT_EQ(entry.get("FUNC"), "4");
}

TEST(JournalRendering, OtherNamesAreFree) {
  Entry entry(
      Level::info, "x",
      {{"object_id", 1}, {"errno", 2}, {"tid", 3}, {"units", 4}, {"codec", 5}});
  entry.render();
  EXPECT_EQ(entry.get("OBJECT_ID"), "1");
  EXPECT_EQ(entry.get("ERRNO"), "2");
  EXPECT_EQ(entry.get("TID"), "3");
  EXPECT_EQ(entry.get("UNITS"), "4");
  EXPECT_EQ(entry.get("CODEC"), "5");
}

TEST(JournalRendering, AReservedNameOfFullLengthStaysValid) {
  const std::string key = "syslog_" + std::string(1000, 'x');
  Entry entry(Level::info, "x", {{key, 1}});
  entry.render();
  EXPECT_EQ(entry.name(4), "SYSLOG_" + std::string(56, 'X') + "_");
}

TEST(JournalRendering, KeysThatBecomeOneNameAreBothKept) {
  Entry entry(Level::info, "x", {{"user-id", 1}, {"user_id", 2}});
  EXPECT_EQ(entry.render().all("USER_ID"),
            (std::vector<std::string>{"1", "2"}));
}

TEST(JournalRendering, CallerInfoDoesNotRepeatThePlace) {
  Entry same(Level::info, "x", {{"code_file", "src/a.cc"}, {"code_line", 7u}});
  same.event.where = {"f", "src/a.cc", 7};
  same.render();
  EXPECT_FALSE(same.has("CODE_FILE_"));
  EXPECT_FALSE(same.has("CODE_LINE_"));
  EXPECT_EQ(same.get("CODE_FILE"), "src/a.cc");
  EXPECT_EQ(same.get("CODE_LINE"), "7");

  Entry other(Level::info, "x", {{"code_file", "b.cc"}, {"code_line", 8}});
  other.event.where = {"f", "src/a.cc", 7};
  other.render();
  EXPECT_EQ(other.get("CODE_FILE_"), "b.cc");
  EXPECT_EQ(other.get("CODE_LINE_"), "8");
}

TEST(JournalRendering, TextIsKeptFaithfully) {
  const std::string_view texts[] = {"two\nlines", "\t\r\x1b[31m\x7f",
                                    "\xf0\x9f\x98\x80 \xe2\x80\xa8", " "};
  for (const std::string_view text : texts) {
    Entry entry(Level::info, "x", {{"text", text}});
    EXPECT_EQ(entry.render().get("TEXT"), text);
    EXPECT_EQ(entry.scratch.sanitized, 0u);
  }
}

TEST(JournalRendering, BadBytesAreReplacedAndCountedOnce) {
  Entry entry(Level::info, "bad\xff",
              {{"a", "x\xe2\x82y\0z"sv}, {"b", "fine"}, {"c", "\xc0\xaf"}});
  entry.event.scope = "\xff";
  entry.render();
  EXPECT_EQ(entry.get("EVENT"), "bad\xef\xbf\xbd");
  EXPECT_EQ(entry.get("A"), "x\xef\xbf\xbdy\xef\xbf\xbdz");
  EXPECT_EQ(entry.get("B"), "fine");
  EXPECT_EQ(entry.get("C"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(entry.get("SCOPE"), "\xef\xbf\xbd");
  EXPECT_EQ(entry.get("MESSAGE").find('\xff'), std::string::npos);
  EXPECT_EQ(entry.scratch.sanitized, 4u);
}

TEST(JournalRendering, CleanTextIsNotCopied) {
  const std::string text(100000, 'x');
  Entry entry(Level::info, "x", {{"text", text}}, "short");
  entry.render();
  EXPECT_EQ(entry.value(4).data(), text.data());
}

TEST(JournalRendering, ViewsHoldThoughAllTextHasToBeFixed) {
  std::vector<std::string> keys;
  std::vector<std::string> texts;
  for (int i = 0; i < 900; ++i) {
    keys.push_back("key" + std::to_string(i));
    texts.push_back(std::to_string(i) +
                    std::string(static_cast<std::size_t>(i), '\xff'));
  }
  std::vector<Field> fields;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    fields.push_back({keys[i], texts[i]});
    fields.push_back({"t", Time{INT64_MIN}});
    if (fields.size() < 1000) fields.push_back({"n", -1.7976931348623157e308});
  }
  fields.resize(1000);
  Entry entry(Level::info, "\xff", fields, "short");
  entry.event.logger = "\xff\xff\xff";
  entry.event.func = "\xff\xff";
  entry.event.where = {"", "\xff", 4294967295u};
  entry.render();
  ASSERT_EQ(entry.size(), 1000 + 8u);
  EXPECT_EQ(entry.get("LOGGER").size(), 9u);
  EXPECT_EQ(entry.get("CODE_LINE"), "4294967295");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_TRUE(is_journal_name(entry.name(8 + i)));
    if (fields[i].key[0] != 'k') continue;
    const std::string number(fields[i].key.substr(3));
    EXPECT_EQ(entry.name(8 + i), "KEY" + number);
    EXPECT_EQ(entry.value(8 + i).substr(0, number.size()), number);
    EXPECT_EQ(entry.value(8 + i).size(),
              number.size() + std::stoul(number) * 3);
  }
}

// journald drops an entry of more than 1024 fields as a whole, and the sink
// adds two.
TEST(JournalRendering, TooManyFieldsBecomeOne) {
  std::vector<std::string> keys;
  for (int i = 0; i < 10000; ++i) keys.push_back("k" + std::to_string(i));
  std::vector<Field> fields;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    fields.push_back({keys[i], static_cast<std::int64_t>(i)});
  }
  fields.back().value = "\xff\"";
  Entry entry(Level::info, "many", fields);
  entry.event.scope = "s";
  entry.event.logger = "l";
  entry.event.func = "f";
  entry.event.where = {"f", "a.cc", 1};
  entry.render();
  EXPECT_LE(entry.size(), 1022u);
  EXPECT_EQ(entry.get("K999"), "999");
  EXPECT_FALSE(entry.has("K1000"));
  const std::string more = entry.get("MORE_FIELDS");
  EXPECT_TRUE(more.starts_with("{\"k1000\":1000,\"k1001\":1001,"));
  EXPECT_TRUE(more.ends_with(",\"k9999\":\"\xef\xbf\xbd\\\"\"}"));
  EXPECT_EQ(entry.scratch.sanitized, 1u);
}

TEST(JournalRendering, AThousandFieldsNeedNoOther) {
  const std::vector<Field> fields(1000, Field("a", 1));
  Entry entry(Level::info, "many", fields);
  entry.render();
  EXPECT_FALSE(entry.has("MORE_FIELDS"));
  EXPECT_EQ(entry.all("A").size(), 1000u);
}

TEST(JournalRendering, MemoryIsUsedAgain) {
  Entry entry = user_login();
  entry.render();
  const void* text = entry.scratch.text.data();
  const void* columns = entry.scratch.columns.data();
  const void* values = entry.scratch.values.data();
  const std::size_t capacity = entry.scratch.text.capacity();
  for (int i = 0; i < 10; ++i) entry.render();
  EXPECT_EQ(entry.scratch.text.data(), text);
  EXPECT_EQ(entry.scratch.text.capacity(), capacity);
  EXPECT_EQ(entry.scratch.columns.data(), columns);
  EXPECT_EQ(entry.scratch.values.data(), values);
}

void describe(Entry entry, Buffer* out) {
  entry.render();
  for (std::size_t i = 0; i < entry.size(); ++i) {
    out->append(entry.name(i));
    out->push_back('=');
    append_json_string(*out, entry.value(i));
    out->push_back('\n');
  }
  out->push_back('\n');
}

TEST(JournalRendering, EntriesAreAsTheyAlwaysWere) {
  Buffer entries;
  describe(user_login(), &entries);
  describe({Level::warning,
            "disk-low",
            {{"free_mb", 120.5}, {"mount", "/var"}},
            "Only 120.5 MB left on /var"},
           &entries);
  describe({Level::error,
            "work-failed",
            {{"id", 3},
             {"exception_class", "std::runtime_error"},
             {"exception_msg", "first line\nsecond line"},
             {"at", kTestTime},
             {"tags", Json{"[\"a\",1]"}},
             {"none", nullptr},
             {"done", false}}},
           &entries);
  describe({Level::alert,
            "hostile\nPRIORITY=7",
            {{"", "nameless"},
             {"\xff", "bad key"},
             {"2fast", "\x1b[31m\0\xff"sv},
             {"message", "forged"},
             {"_PID", 1},
             {"a=b\nc", "x\nEVENT=forged"}}},
           &entries);
  const std::string path =
      std::string(STOGGER_SOURCE_DIR) + "/tests/golden/journal.txt";
  if (::getenv("STOGGER_UPDATE_GOLDEN") != nullptr) {
    write_file(path, entries.view());
  }
  EXPECT_EQ(entries.view(), read_file(path));
}

}  // namespace
}  // namespace stogger
