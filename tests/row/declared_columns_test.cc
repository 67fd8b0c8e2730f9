#include "row/declared_columns.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/options.h"

namespace stogger {
namespace {

struct Declared {
  std::vector<SchemaColumn> columns;
  std::vector<std::string> problems;
};

Declared read(const std::string& json, bool for_samples = false) {
  const Field fields[] = {{"columns", Json{json}}};
  Options options("test", fields);
  if (for_samples) OptionsAccess::set_for_samples(options);
  Declared declared;
  declared.columns = read_declared_columns(options, {"id"});
  for (const OptionProblem& problem : OptionsAccess::problems(options)) {
    declared.problems.push_back(problem.text);
  }
  return declared;
}

using Texts = std::vector<std::string>;

TEST(DeclaredColumnsTest, TheyKeepTheirOrderAndHaveTheKindOfTheirType) {
  const Declared declared = read(
      R"({"service":"text","user_id":"integer","ms":"real","ok":"boolean",
          "seen":"time","more":"json","a":"bigint","b":"double","c":"bool",
          "d":"timestamp","e":"int","f":"timestamptz","g":"jsonb"})");
  EXPECT_EQ(declared.problems, Texts());
  const Kind kinds[] = {
      Kind::text,    Kind::integer, Kind::real, Kind::boolean, Kind::time,
      Kind::json,    Kind::integer, Kind::real, Kind::boolean, Kind::time,
      Kind::integer, Kind::time,    Kind::json};
  ASSERT_EQ(declared.columns.size(), std::size(kinds));
  EXPECT_EQ(declared.columns[0].name, "service");
  EXPECT_EQ(declared.columns[12].name, "g");
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    EXPECT_EQ(declared.columns[i].kind, kinds[i]) << declared.columns[i].name;
  }
}

TEST(DeclaredColumnsTest, ThereMayBeNone) {
  EXPECT_TRUE(read("{}").columns.empty());
  Options options("test", {});
  EXPECT_TRUE(read_declared_columns(options).empty());
  EXPECT_TRUE(options.finish().ok());
}

TEST(DeclaredColumnsTest, ANameIsAnIdentifier) {
  for (const std::string name :
       {"", "1a", "a b", "a.b", "a\\\"b", "\xC3\xA4"}) {
    const Declared declared = read("{\"" + name + "\":\"text\"}");
    EXPECT_TRUE(declared.columns.empty()) << name;
    ASSERT_EQ(declared.problems.size(), 1u) << name;
    EXPECT_NE(declared.problems[0].find("a name must be at most 63 letters"),
              std::string::npos);
  }
  EXPECT_EQ(read("{\"" + std::string(64, 'a') + "\":\"text\"}").problems.size(),
            1u);
  EXPECT_EQ(read("{\"" + std::string(63, 'a') + "\":\"text\"}").problems.size(),
            0u);
}

TEST(DeclaredColumnsTest, NamesOfTheTableItselfAreTaken) {
  EXPECT_EQ(read(R"({"Level":"text"})").problems,
            Texts({"\"columns\" has the name \"Level\", which is a column in "
                   "any case"}));
  EXPECT_EQ(read(R"({"ID":"text"})").problems.size(), 1u);
  EXPECT_EQ(read(R"({"device":"text"})").problems.size(), 0u);
  EXPECT_EQ(read(R"({"Device":"text"})", true).problems.size(), 1u);
  EXPECT_EQ(read(R"({"level":"text"})", true).problems.size(), 0u);
}

TEST(DeclaredColumnsTest, NoNameComesTwice) {
  EXPECT_EQ(read(R"({"flow":"text","Flow":"real"})").problems,
            Texts({"\"columns\" has the name \"Flow\" twice: letters that "
                   "differ in case only count as equal"}));
}

TEST(DeclaredColumnsTest, EachWrongOneIsNamed) {
  const Declared declared =
      read(R"({"a":"strnig","b":"text","c c":"real","d":"Text"})");
  EXPECT_EQ(declared.problems.size(), 3u);
  ASSERT_EQ(declared.columns.size(), 1u);
  EXPECT_EQ(declared.columns[0].name, "b");
}

TEST(DeclaredColumnsTest, ThereIsAnEndToThem) {
  std::string json = "{";
  for (int i = 0; i < 2000; ++i) {
    json += (i == 0 ? "\"c" : ",\"c") + std::to_string(i) + "\":\"text\"";
  }
  const Declared declared = read(json + "}");
  EXPECT_EQ(declared.columns.size(), 800u);
  EXPECT_EQ(declared.problems, Texts({"\"columns\" has more than 800 names"}));
}

TEST(DeclaredColumnsTest, WhatATableLacksIsSaid) {
  const std::vector<SchemaColumn> declared = {{"a", Kind::text},
                                              {"b", Kind::text}};
  EXPECT_EQ(describe_undeclared(declared, {"B", "A"}, "t", false), "");
  EXPECT_EQ(describe_undeclared(declared, {"a"}, "t", false),
            "the table \"t\" is there and has no column \"b\", which "
            "\"columns\" names: add it, or its values go to \"data\"");
  EXPECT_EQ(describe_undeclared(declared, {}, "t", true),
            "the table \"t\" is there and has no column \"a\" or \"b\", which "
            "\"columns\" names: add it, or its values are left out");
}

}  // namespace
}  // namespace stogger
