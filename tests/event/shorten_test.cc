#include "event/shorten.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/line_keeper.h"

namespace stogger {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1024} * 1024;

// Every event goes through a system to a sink of JSON lines.
class ShortenTest : public ::testing::Test {
 protected:
  // The event as it arrived. Checks what holds for every event.
  nlohmann::json last() {
    const std::string line = lines_->last();
    EXPECT_LE(line.size(), kMebibyte);
    EXPECT_TRUE(is_clean_text(line));
    nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
    EXPECT_TRUE(event.is_object()) << line.substr(0, 200);
    return event;
  }
  // The same, of an event that had to be shortened; it uses what it may.
  nlohmann::json last_shortened() {
    nlohmann::json event = last();
    EXPECT_EQ(event["_truncated"], true);
    EXPECT_GT(lines_->last().size(), kMebibyte - 20000);
    return event;
  }

  System system_;
  std::shared_ptr<Lines> lines_ = keep_lines(system_, RowForm::json);
  Logger log_ = system_.logger();
};

TEST_F(ShortenTest, EventsThatFitStayWhole) {
  const std::string text(kMebibyte - 2000, 'x');
  log_.info("large", {{"text", text}});
  const auto event = last();
  EXPECT_EQ(event["text"], text);
  EXPECT_FALSE(event.contains("_truncated"));
}

TEST_F(ShortenTest, AnEventNameOfAMebibyteIsCut) {
  const std::string name(kMebibyte, 'n');
  log_.info(name, {{"short", "stays"}, {"number", 7}});
  const auto event = last_shortened();
  EXPECT_TRUE(name.starts_with(event["event"].get<std::string>()));
  EXPECT_EQ(event["short"], "stays");
  EXPECT_EQ(event["number"], 7);
}

TEST_F(ShortenTest, ALongValueIsCutAndShortOnesStay) {
  const std::string text(10 * kMebibyte, 'x');
  log_.info("large", {{"a", "stays"}, {"text", text}, {"b", 7}});
  const auto event = last_shortened();
  EXPECT_EQ(event["event"], "large");
  EXPECT_EQ(event["a"], "stays");
  EXPECT_EQ(event["b"], 7);
  EXPECT_TRUE(text.starts_with(event["text"].get<std::string>()));
}

TEST_F(ShortenTest, OnlyTheLongestValuesAreCut) {
  const std::string long_text(900000, 'x');
  const std::string longer_text(1300000, 'y');
  const std::string middle_text(200000, 'z');
  log_.info(
      "large",
      {{"long", long_text}, {"longer", longer_text}, {"middle", middle_text}});
  const auto event = last_shortened();
  EXPECT_EQ(event["middle"], middle_text);
  EXPECT_EQ(event["long"].get<std::string>().size(),
            event["longer"].get<std::string>().size());
}

TEST_F(ShortenTest, ALongMessageIsCut) {
  const std::string text(700000, 'x');
  log_.info("large", {{"text", text}}, "{text} and again {text}");
  const auto event = last_shortened();
  EXPECT_TRUE(event["message"].get<std::string>().starts_with("xxx"));
  EXPECT_LT(event["message"].get<std::string>().size(), 700000u);
}

TEST_F(ShortenTest, CutsFallBetweenCharacters) {
  for (const std::string_view character :
       {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\"", "\n", "\x01"}) {
    std::string text = "x";
    while (text.size() < 2 * kMebibyte) text += character;
    log_.info("large", {{"text", text}});
    const std::string kept = last_shortened()["text"];
    EXPECT_TRUE(text.starts_with(kept));
    EXPECT_EQ((kept.size() - 1) % character.size(), 0u);
  }
}

TEST_F(ShortenTest, BadBytesAreCutToo) {
  const std::string text(2 * kMebibyte, '\xFF');
  log_.info("large", {{"text", text}});
  last_shortened();
  const std::string zeros(2 * kMebibyte, '\0');
  log_.info("large", {{"text", zeros}});
  last_shortened();
}

TEST_F(ShortenTest, JsonThatIsTooLongBecomesACutText) {
  std::string json = "[0";
  while (json.size() < 2 * kMebibyte) json += ",\"element\"";
  json += "]";
  log_.info("large", {{"json", Json{json}}, {"other", Json{"[1]"}}});
  const auto event = last_shortened();
  ASSERT_TRUE(event["json"].is_string());
  EXPECT_TRUE(json.starts_with(event["json"].get<std::string>()));
  EXPECT_EQ(event["other"], nlohmann::json::array({1}));
}

TEST_F(ShortenTest, JsonCountsAsItIsAndNotAsItWouldBeQuoted) {
  std::string json = "[\"\"";
  while (json.size() < 600000) json += ",\"\"";
  json += "]";
  const std::string text(300000, 'x');
  log_.info("fits", {{"json", Json{json}}, {"text", text}});
  const auto event = last();
  EXPECT_FALSE(event.contains("_truncated"));
  EXPECT_EQ(event["text"], text);
}

TEST_F(ShortenTest, FuncScopeAndLoggerAreCutToo) {
  const std::string text(2 * kMebibyte, 'x');
  log_.info("large", {{"func", text}, {"a", "stays"}});
  EXPECT_EQ(last_shortened()["a"], "stays");
  log_.info("large", {{"scope", text}, {"a", "stays"}});
  EXPECT_EQ(last_shortened()["a"], "stays");
  system_.logger(text).info("large", {{"a", "stays"}});
  EXPECT_EQ(last_shortened()["a"], "stays");
  {
    const Scope scope(log_, text);
    log_.info("large", {{"a", "stays"}});
    EXPECT_EQ(last_shortened()["a"], "stays");
  }
}

TEST_F(ShortenTest, TenThousandLargeFieldsAllArrive) {
  std::vector<std::string> keys;
  for (int i = 0; i < 10000; ++i) keys.push_back("key" + std::to_string(i));
  const std::string text(5000, 'x');
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.emplace_back(key, text);
  log_.info("many", fields);
  const auto event = last_shortened();
  EXPECT_EQ(event["event"], "many");
  for (const std::string& key : keys) {
    ASSERT_TRUE(event.contains(key)) << key;
    ASSERT_GT(event[key].get<std::string>().size(), 10u);
  }
}

TEST_F(ShortenTest, FieldsTooManyToFitGoFromTheEnd) {
  std::vector<std::string> keys;
  for (int i = 0; i < 200000; ++i) keys.push_back(std::to_string(100000 + i));
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.emplace_back(key, 1);
  log_.info("many", fields);
  const auto event = last();
  EXPECT_EQ(event["_truncated"], true);
  EXPECT_EQ(event["event"], "many");
  EXPECT_GT(lines_->last().size(), kMebibyte / 2);
  bool gone = false;
  for (const std::string& key : keys) {
    gone = gone || !event.contains(key);
    ASSERT_EQ(event.contains(key), !gone) << key;
  }
}

TEST_F(ShortenTest, AFieldWhoseKeyIsTooLongGoesAlone) {
  const std::string key(2 * kMebibyte, 'k');
  log_.info("long-key", {{"a", "stays"}, {key, 1}, {"b", "stays"}}, "{a} too");
  const auto event = last();
  EXPECT_EQ(event["_truncated"], true);
  EXPECT_EQ(event["event"], "long-key");
  EXPECT_EQ(event["message"], "stays too");
  EXPECT_EQ(event["a"], "stays");
  EXPECT_EQ(event["b"], "stays");
  EXPECT_FALSE(event.contains(key));
}

TEST_F(ShortenTest, AFieldOfTheProgramNamedTruncatedIsNotDoubled) {
  const std::string text(2 * kMebibyte, 'x');
  log_.info("large", {{"_truncated", "mine"}, {"text", text}});
  last_shortened();
  const std::string line = lines_->last();
  const std::size_t first = line.find("\"_truncated\"");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(line.find("\"_truncated\"", first + 1), std::string::npos);
}

TEST_F(ShortenTest, TheNextEventIsWholeAgain) {
  const std::string text(2 * kMebibyte, 'x');
  log_.info("large", {{"text", text}});
  log_.info("small", {{"text", "short"}});
  const auto event = last();
  EXPECT_EQ(event["text"], "short");
  EXPECT_FALSE(event.contains("_truncated"));
}

TEST_F(ShortenTest, EveryFormOfTheEventIsShort) {
  const std::string text(3 * kMebibyte, 'x');
  for (const RowForm form : {RowForm::text, RowForm::logfmt}) {
    System system;
    const auto lines = keep_lines(system, form);
    system.logger().info(text, {{"text", text}});
    EXPECT_GT(lines->last().size(), kMebibyte / 2);
    EXPECT_LE(lines->last().size(), kMebibyte);
    EXPECT_NE(lines->last().find("_truncated=true"), std::string::npos);
  }
  testing::Capture capture(system_);
  log_.info("large", {{"text", text}});
  ASSERT_EQ(capture.count("large"), 1u);
  EXPECT_LT(capture.events()[0].find("text")->value().text().size(), kMebibyte);
}

}  // namespace
}  // namespace stogger
