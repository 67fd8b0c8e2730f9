#include "event/compose.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/rows.h"

namespace stogger {

namespace shop {

// Logs while it is written out, as a type with a getter that logs does.
struct Talkative {
  const Logger* log;
  int number;
};
void write_value(ValueWriter& out, const Talkative& talkative) {
  const std::string inner = "inner-" + std::to_string(talkative.number);
  talkative.log->info(inner, {{"long", std::string(5000, 'x')}}, "{long}");
  out.set(inner);
}

struct Throwing {};
void write_value(ValueWriter&, const Throwing&) {
  throw std::runtime_error("no such customer");
}

struct Credentials {};
void write_value(ValueWriter& out, const Credentials&) {
  out.set(Json{"{\"user\": \"ann\", \"password\": \"hunter2\"}"});
}

// Stands for whatever value it holds.
struct Holder {
  Value value;
};
void write_value(ValueWriter& out, const Holder& holder) {
  out.set(holder.value);
}

}  // namespace shop

namespace {

using testing::Capture;
using testing::CapturedEvent;
using testing::CapturedField;
using testing::ManualClock;

std::string keys_of(const CapturedEvent& event) {
  std::string keys;
  for (const CapturedField& field : event.fields) {
    if (!keys.empty()) keys += ' ';
    keys += field.key;
  }
  return keys;
}

// What is logged, as it arrives at a sink.
class ComposeTest : public ::testing::Test {
 protected:
  // The only event since the last call.
  CapturedEvent only() {
    const std::vector<CapturedEvent> events = capture_.events();
    capture_.clear();
    EXPECT_EQ(events.size(), 1u);
    return events.empty() ? CapturedEvent() : events[0];
  }
  // The only event's text of that key; what there is instead otherwise.
  std::string text(std::string_view key) {
    const CapturedEvent event = only();
    const CapturedField* field = event.find(key);
    if (field == nullptr) return "(no such field)";
    const Kind kind = field->value().kind();
    if (kind != Kind::text && kind != Kind::json) return "(no text)";
    return std::string(field->value().text());
  }

  ManualClock clock_{kTestTime};
  System system_{&clock_};
  Capture capture_{system_};
  Logger log_ = system_.logger();
};

TEST_F(ComposeTest, AnEventCarriesWhatTheCallSays) {
  log_.warning("disk-low", {{"free_mb", 120.5}, {"mount", "/"}},
               "Only {free_mb:.1f} MB left on {mount}");
  const CapturedEvent event = only();
  EXPECT_EQ(event.time, kTestTime);
  EXPECT_EQ(event.level, Level::warning);
  EXPECT_EQ(event.event, "disk-low");
  EXPECT_EQ(event.func, "TestBody");
  EXPECT_EQ(event.scope, "");
  EXPECT_EQ(event.logger, "");
  EXPECT_EQ(event.message, "Only 120.5 MB left on /");
  EXPECT_EQ(keys_of(event), "free_mb mount");
}

TEST_F(ComposeTest, EveryLevelHasItsCall) {
  log_.trace("e");
  log_.debug("e");
  log_.info("e");
  log_.warning("e");
  log_.error("e");
  log_.critical("e");
  log_.alert("e");
  log_.log(Level::error, "e");
  const Level expected[] = {Level::trace,   Level::debug, Level::info,
                            Level::warning, Level::error, Level::critical,
                            Level::alert,   Level::error};
  const std::vector<CapturedEvent> events = capture_.events();
  ASSERT_EQ(events.size(), std::size(expected));
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].level, expected[i]);
  }
}

TEST_F(ComposeTest, ALevelThatIsNoneIsTheNearestOne) {
  log_.log(static_cast<Level>(100), "too-high");
  EXPECT_EQ(only().level, Level::alert);
}

TEST_F(ComposeTest, EveryKindOfValueArrivesUnchanged) {
  log_.info("e", {{"null", nullptr},
                  {"boolean", true},
                  {"least", INT64_MIN},
                  {"most", UINT64_MAX},
                  {"real", -0.0},
                  {"tiny", 5e-324},
                  {"float", 14.7F},
                  {"nan", std::nan("")},
                  {"text", std::string_view("a\0\xFF\n", 4)},
                  {"time", Time{-1}},
                  {"json", Json{"{\"a\":[1]}"}}});
  const CapturedEvent event = only();
  EXPECT_TRUE(event.find("null")->value().is_null());
  EXPECT_TRUE(event.find("boolean")->value().boolean());
  EXPECT_EQ(event.find("least")->value().integer(), INT64_MIN);
  EXPECT_EQ(event.find("most")->value().unsigned_integer(), UINT64_MAX);
  EXPECT_TRUE(std::signbit(event.find("real")->value().real()));
  EXPECT_EQ(event.find("tiny")->value().real(), 5e-324);
  EXPECT_EQ(event.find("float")->value().real(), 14.7);
  EXPECT_TRUE(std::isnan(event.find("nan")->value().real()));
  EXPECT_EQ(event.find("text")->value().text(),
            std::string_view("a\0\xFF\n", 4));
  EXPECT_EQ(event.find("time")->value().time(), Time{-1});
  EXPECT_EQ(event.find("json")->value().kind(), Kind::json);
}

TEST_F(ComposeTest, MissingNamesAreEmpty) {
  log_.log(Level::info, std::string_view(), {{std::string_view(), 1}}, {},
           Where{});
  const CapturedEvent event = only();
  EXPECT_EQ(event.event, "");
  EXPECT_EQ(event.func, "");
  EXPECT_EQ(event.find("")->value().integer(), 1);
}

// --- Keys --------------------------------------------------------------------

// What targets do with the keys that they have for themselves is theirs.
TEST_F(ComposeTest, FieldsKeepTheirKeys) {
  log_.info("e", {{"id", 1},
                  {"timestamp", 2},
                  {"level", 3},
                  {"event", 4},
                  {"data", 5},
                  {"message", 6},
                  {"logger", 7},
                  {"ID", 8},
                  {"ids", 9}});
  const CapturedEvent event = only();
  EXPECT_EQ(event.event, "e");
  EXPECT_EQ(event.level, Level::info);
  EXPECT_EQ(event.time, kTestTime);
  EXPECT_EQ(keys_of(event),
            "id timestamp level event data message logger ID ids");
  EXPECT_EQ(event.find("data")->value().integer(), 5);
  EXPECT_EQ(event.find("message")->value().integer(), 6);
}

TEST_F(ComposeTest, AReservedKeyIsStillOneKey) {
  log_.info("e", {{"level", 1}, {"level_", 2}, {"level", 3}});
  const CapturedEvent event = only();
  EXPECT_EQ(keys_of(event), "level level_");
  EXPECT_EQ(event.find("level")->value().integer(), 3);
}

TEST_F(ComposeTest, OnlyReservedKeysTakeTheLongerWay) {
  EventScratch scratch;
  const EventSettings settings;
  const auto is_marked = [&](std::vector<Field> fields) {
    return compose(nullptr, {Level::info, "e", Fields(fields), {}, Where{}},
                   kTestTime, settings, scratch)
        .has_reserved_keys;
  };
  for (const char* key :
       {"timestamp", "level", "event", "data", "message", "logger"}) {
    EXPECT_TRUE(is_marked({{"a", 1}, {key, 2}})) << key;
  }
  EXPECT_TRUE(is_marked({{"func", 1}}));
  EXPECT_TRUE(is_marked({{"scope", nullptr}}));
  for (const char* key : {"a", "", "id", "user_id", "Level", "level_",
                          "password", "timestamps", "code_file"}) {
    EXPECT_FALSE(is_marked({{"a", 1}, {key, "x"}})) << key;
  }
  EXPECT_FALSE(is_marked({{"func", "f"}, {"scope", "s"}}));
}

TEST_F(ComposeTest, TextUnderFuncAndScopeSetsTheirColumns) {
  const Scope scope(log_, "outside");
  log_.info("e", {{"func", "mine"}, {"a", 1}, {"scope", "here"}});
  CapturedEvent event = only();
  EXPECT_EQ(event.func, "mine");
  EXPECT_EQ(event.scope, "here");
  EXPECT_EQ(keys_of(event), "a");

  const shop::Holder holder{"held"};
  log_.info("e", {{"func", holder}, {"scope", ""}});
  event = only();
  EXPECT_EQ(event.func, "held");
  EXPECT_EQ(event.scope, "");
  EXPECT_EQ(keys_of(event), "");
}

TEST_F(ComposeTest, OtherKindsUnderFuncAndScopeAreFields) {
  const Scope scope(log_, "outside");
  for (const Value& value : {Value(42), Value(true), Value(1.5), Value(Time{0}),
                             Value(Json{"{\"a\":1}"}), Value(nullptr)}) {
    log_.info("e", {{"func", value}, {"a", 1}, {"scope", value}});
    const CapturedEvent event = only();
    EXPECT_EQ(event.func, "TestBody");
    EXPECT_EQ(event.scope, "outside");
    EXPECT_EQ(keys_of(event), "func a scope");
    EXPECT_EQ(event.find("func")->value().kind(), value.kind());
    EXPECT_EQ(event.find("scope")->value().kind(), value.kind());
  }
}

TEST_F(ComposeTest, OfEqualKeysTheLaterWinsAtTheEarlierPlace) {
  log_.info("e", {{"a", 1}, {"b", 2}, {"a", "three"}, {"c", 4}, {"b", 5}});
  const CapturedEvent event = only();
  EXPECT_EQ(keys_of(event), "a b c");
  EXPECT_EQ(event.find("a")->value().text(), "three");
  EXPECT_EQ(event.find("b")->value().integer(), 5);
}

TEST_F(ComposeTest, ScopeBoundAndCallFieldsComeInThisOrderAndTheLaterWins) {
  const Scope outer(log_, "outer", {{"a", "outer"}, {"b", "outer"}});
  const Scope inner(log_, "inner", {{"b", "inner"}, {"c", "inner"}});
  const Logger bound = log_.with({{"c", "bound"}, {"d", "bound"}});
  bound.info("e", {{"d", "call"}, {"e", "call"}});
  const CapturedEvent event = only();
  EXPECT_EQ(keys_of(event), "a b c d e");
  EXPECT_EQ(event.scope, "inner");
  EXPECT_EQ(event.find("a")->value().text(), "outer");
  EXPECT_EQ(event.find("b")->value().text(), "inner");
  EXPECT_EQ(event.find("c")->value().text(), "bound");
  EXPECT_EQ(event.find("d")->value().text(), "call");
}

// --- Many fields -------------------------------------------------------------

class ManyFields {
 public:
  explicit ManyFields(int count) {
    for (int i = 0; i < count; ++i) keys_.push_back("key" + std::to_string(i));
    for (int i = 0; i < count; ++i) fields_.emplace_back(keys_[index(i)], i);
  }
  // The keys once more, with other values.
  void repeat(int difference) {
    for (int i = static_cast<int>(keys_.size()) - 1; i >= 0; --i) {
      fields_.emplace_back(keys_[index(i)], i + difference);
    }
  }
  const std::vector<Field>& fields() const { return fields_; }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }

  std::vector<std::string> keys_;
  std::vector<Field> fields_;
};

// Fields are looked up in another way when there are many of them.
TEST_F(ComposeTest, AnyNumberOfFieldsArrivesOnceAndInOrder) {
  for (const int count : {0, 1, 15, 16, 17, 23, 24, 25, 26, 47, 48, 49, 96, 97,
                          1000, 4096, 30, 3}) {
    for (const int repeats : {0, 1, 2}) {
      ManyFields many(count);
      for (int i = 1; i <= repeats; ++i) many.repeat(i * 100000);
      log_.info("many", many.fields());
      const CapturedEvent event = only();
      ASSERT_EQ(event.fields.size(), static_cast<std::size_t>(count));
      for (int i = 0; i < count; ++i) {
        const CapturedField& field = event.fields[static_cast<std::size_t>(i)];
        ASSERT_EQ(field.key, "key" + std::to_string(i));
        ASSERT_EQ(field.value().integer(), i + repeats * 100000);
      }
    }
  }
}

TEST_F(ComposeTest, ManyBoundFieldsAreBoundOnce) {
  ManyFields many(2000);
  many.repeat(5);
  const Logger bound = log_.with(many.fields()).with({{"key7", "again"}});
  bound.info("many");
  const CapturedEvent event = only();
  ASSERT_EQ(event.fields.size(), 2000u);
  EXPECT_EQ(event.find("key7")->value().text(), "again");
  EXPECT_EQ(event.find("key8")->value().integer(), 13);
}

// --- Secrets -----------------------------------------------------------------

constexpr std::string_view kHidden = "[REDACTED]";

TEST_F(ComposeTest, SecretsAreHiddenWhateverTheirKind) {
  for (const char* key : {"password", "passwd", "secret", "token", "api_key",
                          "authorization", "Password", "API_KEY", "ToKeN"}) {
    const shop::Throwing throwing;
    for (const Value value :
         {Value("hunter2"), Value(42), Value(nullptr), Value(true),
          Value(Json{"{}"}), Value(throwing)}) {
      log_.info("e", {{key, value}});
      EXPECT_EQ(text(key), kHidden) << key;
    }
  }
}

TEST_F(ComposeTest, OtherKeysAreNotHidden) {
  for (const char* key : {"passwords", "token_count", "tokens", "key", "secre",
                          "authorizatioN1", "api.key", ""}) {
    log_.info("e", {{key, "shown"}});
    EXPECT_EQ(text(key), "shown") << key;
  }
}

TEST_F(ComposeTest, KeysThatEndWithANameAreHidden) {
  for (const char* key : {"user_password", "access_token", "accessToken"}) {
    log_.info("e", {{key, "hunter2"}, {"json", Json{"{}"}}});
    EXPECT_EQ(text(key), kHidden) << key;
    log_.info("e", {{key, "hunter2"}});
    EXPECT_EQ(text(key), kHidden) << key;
  }
}

TEST_F(ComposeTest, PasswordsInUrlsAreHidden) {
  constexpr std::string_view kUrl = "https://user:hunter2@host/";
  constexpr std::string_view kShown = "https://user:[REDACTED]@host/";
  log_.info("e", {{"url", kUrl}});
  EXPECT_EQ(text("url"), kShown);
  log_.with({{"url", kUrl}}).info("e");
  EXPECT_EQ(text("url"), kShown);
  {
    const Scope scope(log_, "s", {{"url", kUrl}});
    log_.info("e");
    EXPECT_EQ(text("url"), kShown);
  }
  capture_.clear();
  log_.info(
      "e", {{"json", Json{"{\"urls\":[\"https:\\/\\/user:hunter2@host/\"]}"}}});
  EXPECT_EQ(text("json"), "{\"urls\":[\"" + std::string(kShown) + "\"]}");
  log_.info("e", {{"json", Json{"{\"cut\":\"https://user:hunter2@host/"}}});
  EXPECT_EQ(text("json"), "{\"cut\":\"" + std::string(kShown));
}

TEST_F(ComposeTest, PasswordsInUrlsOfTheMessageAreHidden) {
  log_.info("e", {}, "from https://user:hunter2@host/");
  EXPECT_EQ(only().message, "from https://user:[REDACTED]@host/");
}

TEST_F(ComposeTest, PasswordsInUrlsOfNamesAndKeysAreHidden) {
  constexpr const char* kUrl = "https://user:hunter2@host/";
  const std::string shown = "https://user:[REDACTED]@host/";
  log_.info(kUrl);
  EXPECT_EQ(only().event, shown);
  log_.info("e", {{kUrl, 1}, {"a", 2}});
  CapturedEvent event = only();
  ASSERT_EQ(event.fields.size(), 2u);
  EXPECT_EQ(event.fields[0].key, shown);
  EXPECT_EQ(event.fields[1].key, "a");
  log_.with({{kUrl, 1}}).info(kUrl, {{"a", 2}});
  event = only();
  EXPECT_EQ(event.event, shown);
  ASSERT_EQ(event.fields.size(), 2u);
  EXPECT_EQ(event.fields[0].key, shown);
  {
    const Scope scope(log_, kUrl, {{kUrl, 1}});
    log_.info("e");
    event = only();
  }
  EXPECT_EQ(event.scope, shown);
  ASSERT_EQ(event.fields.size(), 1u);
  EXPECT_EQ(event.fields[0].key, shown);
}

TEST_F(ComposeTest, SecretsAreHiddenWhereverTheyComeFrom) {
  {
    const Scope scope(log_, "s", {{"token", "hunter2"}});
    log_.info("e");
    EXPECT_EQ(text("token"), kHidden);
  }
  capture_.clear();
  log_.with({{"Secret", "hunter2"}}).info("e");
  EXPECT_EQ(text("Secret"), kHidden);
  log_.info("e", {{"password", "hunter2"}}, "password is {password}");
  EXPECT_EQ(only().message, "password is [REDACTED]");
}

TEST_F(ComposeTest, SecretsInsideJsonAreHidden) {
  log_.info("e", {{"json", Json{"{\"a\": [{\"PassWord\": {\"x\": 1}, \"b\": "
                                "2}], \"token\": \"hunter2\"}"}}});
  EXPECT_EQ(text("json"),
            "{\"a\":[{\"PassWord\":\"[REDACTED]\",\"b\":2}],"
            "\"token\":\"[REDACTED]\"}");
  log_.info("e", {{"user", shop::Credentials{}}});
  EXPECT_EQ(text("user"), "{\"user\":\"ann\",\"password\":\"[REDACTED]\"}");
  log_.info("e", {{"func", Json{"{\"token\":\"hunter2\"}"}}});
  EXPECT_EQ(text("func"), "{\"token\":\"[REDACTED]\"}");
}

TEST_F(ComposeTest, JsonThatIsNoneIsText) {
  log_.info("e", {{"json", Json{"{\"a\": 1,}"}}});
  const CapturedEvent event = only();
  EXPECT_EQ(event.find("json")->value().kind(), Kind::text);
  EXPECT_EQ(event.find("json")->value().text(), "{\"a\": 1,}");
}

// Where a secret ends cannot be told then.
TEST_F(ComposeTest, JsonThatIsNoneIsHiddenIfItNamesASecret) {
  for (const char* json :
       {"{\"a\": 1, \"password\": \"hunter2\",}", "{\"PASSWORD\":\"hunter2\"",
        "{\"n\": 1e400, \"token\": \"hunter2\"}", "'api_key': 'hunter2'",
        "{token: hunter2}"}) {
    log_.info("e", {{"json", Json{json}}});
    EXPECT_EQ(text("json"), kHidden) << json;
  }
}

// --- Settings ----------------------------------------------------------------

// One event composed by settings of its own.
class Composed {
 public:
  Composed(const EventSettings& settings, Fields fields,
           Where where = {"f", "src/login.cc", 17}) {
    event = compose(nullptr, {Level::info, "e", fields, {}, where}, kTestTime,
                    settings, scratch_);
  }
  std::string show() const {
    std::string shown;
    for (std::size_t i = 0; i < event.field_count; ++i) {
      const Field& field = event.fields[i];
      if (i != 0) shown += ' ';
      (shown += field.key) += '=';
      shown += field.value.kind() == Kind::text
                   ? std::string(field.value.text())
                   : std::to_string(field.value.integer());
    }
    return shown;
  }

  Event event;

 private:
  EventScratch scratch_;
};

TEST(ComposeSettingsTest, KeysToHideCanBeChosen) {
  const EventSettings settings(false, {"pin", "Iban", "level"});
  EXPECT_EQ(
      Composed(settings, {{"PIN", 1}, {"iban", 2}, {"password", 3}}).show(),
      "PIN=[REDACTED] iban=[REDACTED] password=3");
  EXPECT_EQ(Composed(settings, {{"level", 1}}).show(), "level=[REDACTED]");
}

TEST(ComposeSettingsTest, KeysThatBeginWithANameAreHidden) {
  const EventSettings settings(false, {"card_*", "pin"});
  EXPECT_EQ(
      Composed(settings, {{"card_number", 1}, {"cards", 2}, {"PIN", 3}}).show(),
      "card_number=[REDACTED] cards=2 PIN=[REDACTED]");
  const Composed json(settings, {{"json", Json{"{\"card_a\":{\"b\":1}}"}}});
  EXPECT_EQ(json.event.fields[0].value.text(), "{\"card_a\":\"[REDACTED]\"}");
  EXPECT_EQ(Composed(EventSettings(false, {"*"}), {{"a", 1}, {"b", 2}}).show(),
            "a=[REDACTED] b=[REDACTED]");
}

TEST(ComposeSettingsTest, AnEmptyListHidesNothing) {
  const EventSettings settings(false, {});
  EXPECT_EQ(Composed(settings, {{"password", 3}}).show(), "password=3");
  const Composed json(settings, {{"json", Json{"{\"token\":1}"}}});
  EXPECT_EQ(json.event.fields[0].value.text(), "{\"token\":1}");
  const Composed broken(settings, {{"json", Json{"{\"token\":1"}}});
  EXPECT_EQ(broken.event.fields[0].value.text(), "{\"token\":1");
}

TEST(ComposeSettingsTest, CallerInfoSaysWhereTheCallIs) {
  const EventSettings settings(true);
  EXPECT_EQ(Composed(settings, {{"a", 1}}).show(),
            "a=1 code_file=src/login.cc code_line=17 pid=" +
                std::to_string(::getpid()) +
                " thread=" + std::to_string(::gettid()));
}

TEST(ComposeSettingsTest, TheProgramsOwnFieldsStandAboveCallerInfo) {
  const EventSettings settings(true);
  const std::string shown =
      Composed(settings, {{"pid", 5}, {"code_file", "mine"}}).show();
  EXPECT_TRUE(shown.starts_with("pid=5 code_file=mine code_line=17 thread="))
      << shown;
}

// --- Custom types ------------------------------------------------------------

TEST_F(ComposeTest, ACustomTypeThatThrowsSaysSo) {
  log_.info("e", {{"before", 1}, {"customer", shop::Throwing{}}, {"after", 2}});
  const CapturedEvent event = only();
  EXPECT_EQ(keys_of(event), "before customer after");
  EXPECT_EQ(event.find("customer")->value().text(),
            "[not writable: no such customer]");
}

TEST_F(ComposeTest, ACustomTypeMayLogWhileItIsWritten) {
  log_.info("outer",
            {{"a", "first"},
             {"b", shop::Talkative{&log_, 1}},
             {"c", Json{"[ 1 ]"}},
             {"d", shop::Talkative{&log_, 2}},
             {"e", "last"}},
            "{a} {b} {d} {e}");
  const std::vector<CapturedEvent> events = capture_.events();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].event, "inner-1");
  EXPECT_EQ(events[0].message, std::string(5000, 'x'));
  EXPECT_EQ(events[1].event, "inner-2");
  EXPECT_EQ(events[2].message, "first inner-1 inner-2 last");
  EXPECT_EQ(events[2].find("c")->value().text(), "[1]");
}

// A defect of the program, which must not bring it down.
struct Recursive {
  const Logger* log;
};
void write_value(ValueWriter& out, const Recursive& recursive) {
  recursive.log->info("inner", {{"value", recursive}});
  out.set("written");
}

TEST_F(ComposeTest, ACustomTypeThatLogsItselfEndsSomewhere) {
  log_.info("outer", {{"value", Recursive{&log_}}});
  EXPECT_TRUE(capture_.has(Level::info, "outer", {{"value", "written"}}));
  EXPECT_LT(capture_.count("inner"), 100u);
  const Stats stats = system_.stats();
  const SinkStats& sink = *stats.begin();
  EXPECT_GT(sink.dropped, 0u);
  EXPECT_EQ(sink.accepted, sink.written + sink.dropped);
}

TEST_F(ComposeTest, CustomTypesAreSettledLikeWhatTheyStandFor) {
  log_.info("e", {{"json", shop::Holder{Json{"{ \"a\" : 1 }"}}},
                  {"broken", shop::Holder{Json{"{"}}},
                  {"level", shop::Holder{7}},
                  {"func", shop::Holder{8}},
                  {"scope", shop::Holder{"here"}},
                  {"null", shop::Holder{nullptr}}});
  const CapturedEvent event = only();
  EXPECT_EQ(event.find("json")->value().text(), "{\"a\":1}");
  EXPECT_EQ(event.find("broken")->value().kind(), Kind::text);
  EXPECT_EQ(event.find("level")->value().integer(), 7);
  EXPECT_EQ(event.find("func")->value().integer(), 8);
  EXPECT_EQ(event.scope, "here");
  EXPECT_TRUE(event.find("null")->value().is_null());
}

TEST_F(ComposeTest, KeysThatBecomeEqualAreOneKey) {
  for (const std::size_t more : {0u, 30u}) {
    std::vector<Field> fields = {
        {"\xffk", 1}, {"\xfek", 2}, {"a", 3}, {"\xEF\xBF\xBDk", 4}};
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < more; ++i) keys.push_back(std::to_string(i));
    for (const std::string& key : keys) fields.emplace_back(key, 0);
    log_.info("e", fields);
    const CapturedEvent event = only();
    ASSERT_EQ(event.fields.size(), 2 + more);
    EXPECT_EQ(event.fields[0].key, "\xEF\xBF\xBDk");
    EXPECT_EQ(event.fields[0].value().integer(), 4);
  }
  log_.info("e", {{std::string_view("k\0", 2), 1}, {"k\xEF\xBF\xBD", 2}});
  EXPECT_EQ(only().fields.size(), 1u);
}

}  // namespace
}  // namespace stogger
