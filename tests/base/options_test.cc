#include "base/options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace stogger {
namespace {

// The problems an object has after finish(), as "key: text".
std::vector<std::string> problems_of(Options& options) {
  const Status status = options.finish();
  std::vector<std::string> problems;
  for (const OptionProblem& problem : OptionsAccess::problems(options)) {
    problems.push_back(problem.key + ": " + problem.text);
  }
  EXPECT_EQ(status.ok(), problems.empty());
  return problems;
}

using Problems = std::vector<std::string>;

TEST(OptionsTest, AbsentOptionsHaveTheirDefaults) {
  Options options("file", {});
  EXPECT_EQ(options.text("path", "x"), "x");
  EXPECT_TRUE(options.boolean("create", true));
  EXPECT_EQ(options.integer("size", 7, 0, 10), 7);
  EXPECT_EQ(options.real("rate", 0.5, 0, 1), 0.5);
  EXPECT_EQ(options.choice("mode", {"a", "b"}, "b"), "b");
  EXPECT_EQ(options.list_size("columns"), 0u);
  EXPECT_FALSE(options.has("path"));
  EXPECT_EQ(problems_of(options), Problems());
}

// All members, as "name=text".
std::vector<std::string> members_of(Options& options, std::string_view key) {
  std::vector<std::string> members;
  std::string_view name;
  std::string_view text;
  for (std::size_t i = 0; options.table_item(key, i, &name, &text); ++i) {
    members.push_back(std::string(name) + "=" + std::string(text));
  }
  return members;
}

TEST(OptionsTest, ATableOfTextsKeepsItsOrder) {
  const Field fields[] = {{"keys", Json{R"({"level":"severity","a":""})"}},
                          {"list", Json{R"(["a"])"}},
                          {"mixed", Json{R"({"a":1})"}},
                          {"text", "a"}};
  Options options("file", fields);
  EXPECT_EQ(members_of(options, "keys"),
            (std::vector<std::string>{"level=severity", "a="}));
  for (const char* const wrong : {"absent", "list", "mixed", "text"}) {
    EXPECT_TRUE(members_of(options, wrong).empty()) << wrong;
  }
  EXPECT_TRUE(OptionsAccess::is_table(options, "keys"));
  for (const char* const other : {"absent", "list", "text"}) {
    EXPECT_FALSE(OptionsAccess::is_table(options, other)) << other;
  }
  EXPECT_EQ(problems_of(options),
            Problems({"list: \"list\" must be a table of texts only",
                      "mixed: \"mixed\" must be a table of texts only",
                      "text: \"text\" must be a table of texts, not text"}));
}

TEST(OptionsTest, GivenOptionsAreReadTyped) {
  const Field fields[] = {{"path", "/x"},
                          {"create", false},
                          {"size", 9},
                          {"rate", 0.25},
                          {"whole", 1},
                          {"mode", "b"},
                          {"columns", Json{R"(["a","b c","\u00e4"])"}}};
  Options options("file", fields);
  EXPECT_TRUE(options.has("path"));
  EXPECT_EQ(options.required("path"), "/x");
  EXPECT_FALSE(options.boolean("create", true));
  EXPECT_EQ(options.integer("size", 7, 0, 10), 9);
  EXPECT_EQ(options.real("rate", 0.5, 0, 1), 0.25);
  EXPECT_EQ(options.real("whole", 0.5, 0, 1), 1.0);
  EXPECT_EQ(options.choice("mode", {"a", "b"}, "a"), "b");
  ASSERT_EQ(options.list_size("columns"), 3u);
  EXPECT_EQ(options.list_item("columns", 1), "b c");
  EXPECT_EQ(options.list_item("columns", 2), "\xC3\xA4");
  EXPECT_EQ(options.list_item("columns", 3), "");
  EXPECT_EQ(problems_of(options), Problems());
}

TEST(OptionsTest, TextsOfAListStayValidWhenOtherListsAreRead) {
  const Field fields[] = {{"a", Json{R"(["short"])"}},
                          {"b", Json{R"(["other"])"}},
                          {"c", Json{R"(["third"])"}},
                          {"d", Json{R"(["fourth"])"}}};
  Options options("x", fields);
  const std::string_view first = options.list_item("a", 0);
  for (const char* key : {"b", "c", "d"}) options.list_item(key, 0);
  EXPECT_EQ(first, "short");
}

TEST(OptionsTest, UnknownOptionNamesTheNearest) {
  const Field fields[] = {{"pth", "/x"}, {"colour", 1}};
  Options options("file", fields);
  options.text("path");
  EXPECT_EQ(problems_of(options),
            Problems({"pth: unknown option \"pth\" (did you mean \"path\"?)",
                      "colour: unknown option \"colour\""}));
}

TEST(OptionsTest, UnknownKeyOfATableNamesTheTable) {
  const Field fields[] = {{"levle", "debug"}};
  Options options("file", fields);
  OptionsAccess::set_table(options, "stogger.sinks.audit", {"type", "level"});
  EXPECT_EQ(problems_of(options),
            Problems({"levle: unknown key \"levle\" in [stogger.sinks.audit] "
                      "(did you mean \"level\"?)"}));
}

TEST(OptionsTest, WrongTypesAreProblemsAndGiveTheDefault) {
  const Field fields[] = {
      {"path", 1},           {"create", "yes"}, {"size", 1.5},
      {"rate", "fast"},      {"mode", true},    {"columns", "a"},
      {"list", Json{"[1]"}}, {"date", Time{0}}, {"table", Json{"{}"}}};
  Options options("file", fields);
  EXPECT_EQ(options.text("path", "p"), "p");
  EXPECT_TRUE(options.boolean("create", true));
  EXPECT_EQ(options.integer("size", 7, 0, 10), 7);
  EXPECT_EQ(options.real("rate", 0.5, 0, 1), 0.5);
  EXPECT_EQ(options.choice("mode", {"a", "b"}, "b"), "b");
  EXPECT_EQ(options.list_size("columns"), 0u);
  EXPECT_EQ(options.list_size("list"), 0u);
  options.text("date");
  options.text("table");
  EXPECT_EQ(problems_of(options),
            Problems({"path: \"path\" must be text, not an integer",
                      "create: \"create\" must be true or false, not text",
                      "size: \"size\" must be an integer, not a number with a "
                      "fraction",
                      "rate: \"rate\" must be a number, not text",
                      "mode: \"mode\" must be \"a\" or \"b\", not a boolean",
                      "columns: \"columns\" must be a list of texts, not text",
                      "list: \"list\" must be a list of texts only",
                      "date: \"date\" must be text, not a date or time",
                      "table: \"table\" must be text, not a table"}));
}

TEST(OptionsTest, NumbersOutOfRangeAreProblems) {
  const Field fields[] = {{"a", -1},
                          {"b", 11},
                          {"c", 0},
                          {"d", std::numeric_limits<std::uint64_t>::max()},
                          {"e", std::nan("")},
                          {"f", 1.5}};
  Options options("file", fields);
  EXPECT_EQ(options.integer("a", 5, 0, 10), 5);
  EXPECT_EQ(options.integer("b", 5, INT64_MIN, 10), 5);
  EXPECT_EQ(options.integer("c", 5, 1, INT64_MAX), 5);
  EXPECT_EQ(options.integer("d", 5, 0, 100), 5);
  EXPECT_EQ(options.real("e", 0.5, 0, 1), 0.5);
  EXPECT_EQ(options.real("f", 0.5, 0, 1), 0.5);
  EXPECT_EQ(problems_of(options),
            Problems({"a: \"a\" must be between 0 and 10, not -1",
                      "b: \"b\" must be at most 10, not 11",
                      "c: \"c\" must be at least 1, not 0",
                      "d: \"d\" must be at most 100",
                      "e: \"e\" must be between 0.0 and 1.0, not NaN",
                      "f: \"f\" must be between 0.0 and 1.0, not 1.5"}));
}

TEST(OptionsTest, LimitsThemselvesAreInRange) {
  const Field fields[] = {{"least", 0}, {"most", 10}, {"one", 1.0}};
  Options options("file", fields);
  EXPECT_EQ(options.integer("least", 5, 0, 10), 0);
  EXPECT_EQ(options.integer("most", 5, 0, 10), 10);
  EXPECT_EQ(options.real("one", 0.5, 0, 1), 1.0);
  EXPECT_EQ(problems_of(options), Problems());
}

TEST(OptionsTest, WrongChoiceNamesTheNearest) {
  const Field fields[] = {{"rotation", "dayly"}};
  Options options("file", fields);
  EXPECT_EQ(options.choice("rotation", {"none", "size", "daily"}, "none"),
            "none");
  EXPECT_EQ(problems_of(options),
            Problems({"rotation: \"rotation\" must be \"none\", \"size\" or "
                      "\"daily\", not \"dayly\" (did you mean \"daily\"?)"}));
}

TEST(OptionsTest, RequiredOptionMustBeThereAndNotEmpty) {
  const Field fields[] = {{"empty", ""}, {"number", 1}};
  Options options("file", fields);
  EXPECT_EQ(options.required("path"), "");
  EXPECT_EQ(options.required("empty"), "");
  EXPECT_EQ(options.required("number"), "");
  EXPECT_EQ(problems_of(options),
            Problems({"path: \"path\" is required",
                      "empty: \"empty\" must not be empty",
                      "number: \"number\" must be text, not an integer"}));
}

TEST(OptionsTest, NulInTextIsAProblem) {
  const std::string path("a\0b", 3);
  const Field fields[] = {{"path", path}};
  Options options("file", fields);
  EXPECT_EQ(options.text("path"), "");
  EXPECT_EQ(problems_of(options),
            Problems({"path: \"path\" must not contain a NUL character"}));
}

TEST(OptionsTest, NullIsAbsentButTheKeyMustBeKnown) {
  const Field fields[] = {{"path", nullptr}, {"pth", nullptr}};
  Options options("file", fields);
  EXPECT_EQ(options.text("path", "x"), "x");
  EXPECT_EQ(problems_of(options),
            Problems({"pth: unknown option \"pth\" (did you mean \"path\"?)"}));
}

TEST(OptionsTest, LastOfTheSameNameWins) {
  const Field fields[] = {{"path", "a"}, {"path", "b"}};
  Options options("file", fields);
  EXPECT_EQ(options.text("path"), "b");
  EXPECT_EQ(problems_of(options), Problems());
}

TEST(OptionsTest, ReadingTwiceReportsOnce) {
  const Field fields[] = {{"path", 1}, {"unknown", 1}};
  Options options("file", fields);
  options.text("path");
  options.text("path");
  EXPECT_FALSE(options.finish().ok());
  EXPECT_EQ(problems_of(options).size(), 2u);
}

TEST(OptionsTest, FactoryReportsProblemsOfItsOwn) {
  const Field fields[] = {{"table", "a b"}};
  Options options("sqlite", fields);
  options.text("table");
  options.problem("table", "is no identifier");
  EXPECT_EQ(problems_of(options),
            Problems({"table: \"table\" is no identifier"}));
  EXPECT_EQ(options.finish().message(),
            "sqlite sink: \"table\" is no identifier");
  EXPECT_EQ(options.finish().code(), Code::invalid);
}

TEST(OptionsTest, MessagesQuoteWhatCouldForgeALine) {
  const Field fields[] = {{"mode\nforged: line", "x"}, {"mode", "\x1b[31m"}};
  Options options("file", fields);
  options.choice("mode", {"append"}, "append");
  const Problems problems = problems_of(options);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0],
            "mode: \"mode\" must be \"append\", not \"\\u001b[31m\"");
  EXPECT_EQ(OptionsAccess::problems(options)[1].text,
            "unknown option \"mode\\nforged: line\"");
}

TEST(OptionsTest, ReportsWhatWasUsed) {
  const Field fields[] = {{"path", "/x"}};
  Options options("file", fields);
  options.required("path");
  options.integer("size", 7, 0, 10);
  options.choice("mode", {"a", "b"}, "b");
  const std::vector<UsedOption>& used = OptionsAccess::used(options);
  ASSERT_EQ(used.size(), 3u);
  EXPECT_EQ(used[0].key, "path");
  EXPECT_EQ(used[0].value.view().text(), "/x");
  EXPECT_EQ(used[1].value.view().integer(), 7);
  EXPECT_EQ(used[2].value.view().text(), "b");
}

TEST(OptionsTest, CarriesTheSurroundingsOfTheSink) {
  Options options("file", {});
  EXPECT_EQ(options.clock(), Clock::real());
  OptionsAccess::set_identifier(options, "shop");
  OptionsAccess::set_sink_name(options, "audit");
  OptionsAccess::set_clock(options, nullptr);
  EXPECT_EQ(options.identifier(), "shop");
  EXPECT_EQ(options.sink_name(), "audit");
  EXPECT_EQ(options.clock(), Clock::real());
}

TEST(OptionsTest, SaysWhichOptionHasAProblem) {
  const Field fields[] = {{"path", 7}, {"mode", "a"}};
  Options options("file", fields);
  options.required("path");
  options.choice("mode", {"a", "b"}, "b");
  EXPECT_TRUE(options.has_problem("path"));
  EXPECT_FALSE(options.has_problem("mode"));
  EXPECT_FALSE(options.has_problem(""));
}

}  // namespace
}  // namespace stogger
