#include "event/shorten.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/utf8.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/line_keeper.h"

namespace stogger {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1024} * 1024;

std::vector<std::string> numbered_keys(int count, std::size_t padding) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) {
    keys.push_back(std::string(padding, 'k') + std::to_string(100000 + i));
  }
  return keys;
}

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

TEST_F(ShortenTest, WhatACutMessageDoesNotShowAnyMoreIsAField) {
  System system;
  const auto lines = keep_lines(system, RowForm::text);
  const std::string text(2 * kMebibyte, 'x');
  system.logger().info("large", {{"a", text}, {"b", "seen"}}, "{a} {b}");
  EXPECT_NE(lines->last().find("b=seen"), std::string::npos)
      << lines->last().substr(lines->last().size() - 100);
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

TEST_F(ShortenTest, ThousandsOfLargeFieldsAllArrive) {
  const std::vector<std::string> keys = numbered_keys(4000, 3);
  const std::string text(5000, 'x');
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.emplace_back(key, text);
  log_.info("many", fields);
  const auto event = last_shortened();
  EXPECT_EQ(event["event"], "many");
  for (const std::string& key : keys) {
    ASSERT_TRUE(event.contains(key)) << key;
    ASSERT_GT(event[key].get<std::string>().size(), 100u);
  }
}

TEST_F(ShortenTest, FieldsTooManyToFitGoFromTheEnd) {
  const std::vector<std::string> keys = numbered_keys(4000, 300);
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
  EXPECT_TRUE(gone);
}

TEST_F(ShortenTest, LaterFieldsThanAnEventCanHaveAreLeftOut) {
  const std::vector<std::string> keys = numbered_keys(4097, 5);
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.emplace_back(key, 1);
  const std::string last_key = keys.back();

  log_.info("fits", Fields(fields.data(), kMostFields));
  EXPECT_FALSE(last().contains("_truncated"));
  EXPECT_TRUE(last().contains(keys[kMostFields - 1]));

  log_.info("more", fields);
  auto event = last();
  EXPECT_EQ(event["_truncated"], true);
  EXPECT_TRUE(event.contains(keys[kMostFields - 1]));
  EXPECT_FALSE(event.contains(last_key));

  // Values of fields that are there still replace the earlier ones.
  fields.emplace_back(keys[0], 2);
  log_.info("replaced", fields);
  EXPECT_EQ(last()[keys[0]], 2);

  // Wherever they come from.
  log_.with(fields).info("bound", {{"mine", 1}});
  event = last();
  EXPECT_EQ(event["_truncated"], true);
  EXPECT_FALSE(event.contains("mine"));
  const Scope scope(log_, "scope", fields);
  log_.info("scope");
  EXPECT_EQ(last()["_truncated"], true);
}

// However much there is of it: a minute would not do for all of these texts.
TEST_F(ShortenTest, WhatHasNoRoomIsNotWorkedThrough) {
  const std::string text(64 * kMebibyte, '\x01');
  std::vector<Field> fields;
  const std::vector<std::string> keys = numbered_keys(4096, 5);
  for (const std::string& key : keys) fields.emplace_back(key, text);
  log_.info("texts", fields);
  auto event = last();
  EXPECT_EQ(event["_truncated"], true);
  EXPECT_FALSE(event[keys.back()].get<std::string>().empty());
  for (Field& field : fields) field.value = Json{text};
  log_.info("json", fields);
  event = last();
  EXPECT_EQ(event["_truncated"], true);
  for (Field& field : fields) field.key = text;
  log_.info("keys", fields);
  EXPECT_EQ(last()["_truncated"], true);
  log_.info(text, {{"func", text}, {"a", "stays"}}, "{func}");
  EXPECT_EQ(last_shortened()["a"], "stays");
}

TEST_F(ShortenTest, UnderscoresThatFreeAKeyHaveRoom) {
  std::vector<std::string> keys = {"level", "event", "message"};
  for (std::size_t i = 1; i <= 1000; ++i) {
    keys.push_back("level" + std::string(i, '_'));
  }
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.emplace_back(key, 1);
  const std::string text(kMebibyte, 'x');
  fields.emplace_back("text", text);
  log_.info("large", fields);
  const auto event = last_shortened();
  EXPECT_EQ(event["level" + std::string(1001, '_')], 1);
  EXPECT_EQ(event["message_"], 1);
}

TEST(ShownFieldsTest, MarksMoveWithTheirFields) {
  const std::string key(800000, 'k');
  const std::string text(kMebibyte, 'x');
  const std::vector<Field> fields = {{"a", text}, {key, 2}, {"c", 3}, {"d", 4}};
  EventScratch scratch;
  const EventSettings settings;
  Event event =
      compose(nullptr, {Level::info, "e", Fields(fields), {}, Where{}}, Time{},
              settings, scratch);
  ASSERT_EQ(event.field_count, 4u);
  event.shown_fields = 0b1010;  // the long one and the last
  shorten(&event, scratch);
  ASSERT_EQ(event.field_count, 4u);
  EXPECT_EQ(event.fields[2].key, "d");
  EXPECT_EQ(event.fields[3].key, "_truncated");
  EXPECT_EQ(event.shown_fields, 0b100u);
}

struct LargeObject {
  const std::string& text;
};
void write_value(ValueWriter& out, const LargeObject& object) {
  out.append(object.text);
}
struct LargeJson {
  const std::string& text;
};
void write_value(ValueWriter& out, const LargeJson& object) {
  out.set(Json{object.text});
}

TEST_F(ShortenTest, LargeValuesOfOwnTypesAreCutToo) {
  const std::string text(64 * kMebibyte, 'x');
  log_.info("large", {{"a", LargeObject{text}}, {"b", "stays"}});
  auto event = last_shortened();
  EXPECT_TRUE(text.starts_with(event["a"].get<std::string>()));
  EXPECT_EQ(event["b"], "stays");
  const std::string json = "[\"" + text + "\"]";
  log_.info("large", {{"a", LargeJson{json}}, {"b", "stays"}});
  event = last_shortened();
  EXPECT_TRUE(json.starts_with(event["a"].get<std::string>()));
  log_.with({{"a", LargeJson{json}}}).info("bound");
  event = last_shortened();
  EXPECT_TRUE(json.starts_with(event["a"].get<std::string>()));
}

// A valid JSON that is all spaces but for its beginning is no exception.
TEST_F(ShortenTest, JsonAboveTheLimitIsNotRead) {
  const std::string json = "{\"a\":1}" + std::string(2 * kMebibyte, ' ');
  log_.info("large", {{"json", Json{json}}});
  EXPECT_TRUE(last_shortened()["json"].is_string());
  // Nor are several that are too long together; small ones after them are.
  std::string half = "[0";
  while (half.size() < 600000) half += "      ,1";
  half += "]";
  log_.info("two", {{"a", Json{half}}, {"b", Json{half}}, {"c", Json{"[1]"}}});
  const auto event = last();
  EXPECT_TRUE(event["a"].is_array());
  EXPECT_TRUE(event["b"].is_string());
  EXPECT_TRUE(event["c"].is_array());
  EXPECT_EQ(event["_truncated"], true);
}

TEST_F(ShortenTest, SecretsInJsonThatIsNotReadStayHidden) {
  std::string json = "{\"password\":\"hunter2\"";
  while (json.size() < 2 * kMebibyte) json += ",\"element\":0";
  json += "}";
  log_.info("large", {{"json", Json{json}}});
  EXPECT_EQ(last()["json"], "[REDACTED]");
  log_.with({{"json", Json{json}}}).info("bound");
  EXPECT_EQ(last()["json"], "[REDACTED]");
}

TEST_F(ShortenTest, RenderingOfATemplateStops) {
  const std::string text(kMebibyte, 'x');
  std::string many;
  for (int i = 0; i < 300; ++i) many += "{text}";
  log_.info("large", {{"text", text}}, runtime_template(many));
  EXPECT_TRUE(last_shortened()["message"].get<std::string>().starts_with("x"));
  const std::string endless(64 * kMebibyte, '{');
  log_.info("braces", {}, runtime_template(endless));
  EXPECT_EQ(last()["_truncated"], true);
  // Replacements by nothing do not go on either.
  std::string nothing;
  while (nothing.size() < 2 * kMebibyte) nothing += "{a}";
  log_.info("nothing", {{"a", ""}}, runtime_template(nothing));
  EXPECT_EQ(last()["_truncated"], true);
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
