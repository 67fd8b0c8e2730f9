#include "sinks/journald/encode.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <limits>
#include <string>
#include <string_view>

#include "sinks/journald/journal_name.h"
#include "tests/support/rows.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string field(std::string_view name, std::string_view value) {
  Buffer out;
  append_journal_field(out, name, value);
  return std::string(out.view());
}

std::string encoded(const Rows& rows, std::size_t number = 0) {
  Buffer out;
  append_journal_row(out, rows, number);
  return std::string(out.view());
}

std::string name_of(std::string_view key) {
  char name[kJournalNameSize];
  char* end = write_journal_name(name, key);
  return std::string(name, end);
}

TEST(JournalEncoding, PlainValuesGoOnOneLine) {
  EXPECT_EQ(field("FOO", "BAR"), "FOO=BAR\n");
  EXPECT_EQ(field("FOO", "a=b \"c\""), "FOO=a=b \"c\"\n");
  EXPECT_EQ(field("FOO", ""), "FOO=\n");
  EXPECT_EQ(field("FOO", "\xc3\xbc \xff"), "FOO=\xc3\xbc \xff\n");
}

TEST(JournalEncoding, ControlCharactersTakeTheFormWithALength) {
  EXPECT_EQ(field("FOO", "xx\nx"), "FOO\n\4\0\0\0\0\0\0\0xx\nx\n"s);
  EXPECT_EQ(field("FOO", "\n"), "FOO\n\1\0\0\0\0\0\0\0\n\n"s);
  EXPECT_EQ(field("FOO", "\0"sv), "FOO\n\1\0\0\0\0\0\0\0\0\n"s);
  EXPECT_EQ(field("FOO", "\x1b[m"), "FOO\n\3\0\0\0\0\0\0\0\x1b[m\n"s);
  EXPECT_EQ(field("FOO", "\x7f"), "FOO\n\1\0\0\0\0\0\0\0\x7f\n"s);
}

TEST(JournalEncoding, TheLengthHas64BitsLittleEndian) {
  const std::string value = std::string(0x10203, '\n');
  const std::string encoded = field("F", value);
  EXPECT_EQ(encoded.substr(0, 10), "F\n\x03\x02\x01\0\0\0\0\0"s);
  EXPECT_EQ(encoded.size(), 2 + 8 + value.size() + 1);
}

TEST(JournalEncoding, AForgedFieldStaysAValue) {
  EXPECT_EQ(field("FOO", "x\nPRIORITY=0\n"),
            "FOO\n\x0d\0\0\0\0\0\0\0x\nPRIORITY=0\n\n"s);
  EXPECT_EQ(field("FOO\nPRIORITY=0", "x"), "FOO_PRIORITY_0=x\n");
}

TEST(JournalEncoding, ARowIsAFieldForEachColumn) {
  Rows rows({{"MESSAGE", Kind::text}, {"PRIORITY", Kind::text}});
  rows.add({"one", "6"}).add({"two", "3"});
  EXPECT_EQ(encoded(rows, 0), "MESSAGE=one\nPRIORITY=6\n");
  EXPECT_EQ(encoded(rows, 1), "MESSAGE=two\nPRIORITY=3\n");
}

TEST(JournalEncoding, NullsAreLeftOut) {
  EXPECT_EQ(encoded(field_rows({{{"A", nullptr}, {"B", ""}, {"C", nullptr}}})),
            "B=\n");
}

TEST(JournalEncoding, EveryKindBecomesText) {
  EXPECT_EQ(encoded(field_rows({{{"A", true},
                                 {"B", false},
                                 {"C", INT64_MIN},
                                 {"D", UINT64_MAX},
                                 {"E", 0.1},
                                 {"F", std::numeric_limits<double>::infinity()},
                                 {"G", kTestTime},
                                 {"H", Json{"{\"a\":1}"}}}})),
            "A=true\nB=false\nC=-9223372036854775808\n"
            "D=18446744073709551615\nE=0.1\nF=Infinity\n"
            "G=2026-11-21T01:39:28.656642Z\nH={\"a\":1}\n");
}

TEST(JournalEncoding, OrdinaryColumnsGetNamesThatTheJournalTakes) {
  EXPECT_EQ(encoded(field_rows({{{"device", "mfc1"}, {"latency_s", 0.5}}})),
            "DEVICE=mfc1\nLATENCY_S=0.5\n");
}

TEST(JournalEncoding, AnEntryIsAsItAlwaysWas) {
  const Rows rows = field_rows({{{"MESSAGE", "work-failed: two\nlines"},
                                 {"PRIORITY", "3"},
                                 {"CODE_FILE", "src/work.cc"},
                                 {"USER_ID", "42"},
                                 {"TRACE", "a\nb\n"},
                                 {"EMPTY", ""},
                                 {"NAME", "J\xc3\xbcrgen"}}});
  const std::string path =
      std::string(STOGGER_SOURCE_DIR) + "/tests/golden/journal_entry.bin";
  if (::getenv("STOGGER_UPDATE_GOLDEN") != nullptr)
    write_file(path, encoded(rows));
  EXPECT_EQ(encoded(rows), read_file(path));
}

TEST(JournalName, ValidNamesStayAsTheyAre) {
  const std::string longest(kJournalNameSize, 'A');
  for (const std::string_view name :
       {"A"sv, "MESSAGE"sv, "A1_"sv, "X__Y"sv, std::string_view(longest)}) {
    EXPECT_TRUE(is_journal_name(name)) << name;
    EXPECT_EQ(name_of(name), name);
  }
}

TEST(JournalName, EveryKeyGetsAValidName) {
  const struct {
    std::string_view key;
    std::string_view name;
  } cases[] = {
      {"user_id", "USER_ID"},
      {"userId", "USERID"},
      {"http.status-code", "HTTP_STATUS_CODE"},
      {"a b", "A_B"},
      {"a=b", "A_B"},
      {"a\nb", "A_B"},
      {"a\0b"sv, "A_B"},
      {"_truncated", "TRUNCATED"},
      {"__x", "X"},
      {"-x", "X"},
      {"x_", "X_"},
      {"", "FIELD"},
      {"_", "FIELD"},
      {"___", "FIELD"},
      {"2nd", "FIELD_2ND"},
      {"_2nd", "FIELD_2ND"},
      {"0", "FIELD_0"},
      {"gr\xc3\xb6\xc3\x9f"
       "e",
       "GR__E"},
      {"\xe6\x97\xa5\xe6\x9c\xac", "FIELD"},
      {"a\xff\xfe", "A__"},
      {"a\xe2\x82", "A_"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(name_of(c.key), c.name) << c.key;
    EXPECT_TRUE(is_journal_name(name_of(c.key))) << c.key;
    EXPECT_EQ(is_journal_name(c.key), c.key == c.name) << c.key;
  }
}

TEST(JournalName, LongKeysAreCut) {
  EXPECT_EQ(name_of(std::string(1000, 'k')), std::string(64, 'K'));
  EXPECT_EQ(name_of("9" + std::string(1000, 'k')),
            "FIELD_9" + std::string(57, 'K'));
  EXPECT_EQ(name_of(std::string(1000, '_')), "FIELD");
  EXPECT_EQ(name_of(std::string(1000, '_') + "k"), "K");
  EXPECT_FALSE(is_journal_name(std::string(65, 'A')));
}

}  // namespace
}  // namespace stogger
