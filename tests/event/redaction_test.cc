#include "event/redaction.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "event/key_shapes.h"

namespace stogger {
namespace {

TEST(RedactionTest, HidesListedKeysWhateverTheirCase) {
  const Redaction redaction({"Password", "api_key", "x-token", "\xC3\xA9"});
  for (const std::string_view key :
       {"password", "PASSWORD", "pAssWord", "api_key", "API_KEY", "X-Token",
        "\xC3\xA9"}) {
    EXPECT_TRUE(redaction.hides(key)) << key;
    EXPECT_TRUE(Redaction::hides_member(&redaction, key)) << key;
  }
  for (const std::string_view key :
       {"", "passwor", "passwords", "api.key", "x_token", "token", "0assword",
        "apikeys", "password_hash", "api_key2"}) {
    EXPECT_FALSE(redaction.hides(key)) << key;
  }
}

TEST(RedactionTest, HidesKeysThatEndWithAName) {
  const Redaction redaction(Redaction::default_names());
  for (const std::string_view key :
       {"user_password", "db.password", "oldPassword", "access_token",
        "accessToken", "CSRFTOKEN", "x-api_key", "proxy-authorization",
        "client secret", "x-api-key", "apiKey", "API-KEY", "X-Apikey"}) {
    EXPECT_TRUE(redaction.hides(key)) << key;
  }
  for (const std::string_view key :
       {"token_count", "tokens", "passwords_changed", "broken", "secretary",
        "duration", "region", "id"}) {
    EXPECT_FALSE(redaction.hides(key)) << key;
  }
}

TEST(RedactionTest, AShortNameHasToBeginAWord) {
  const Redaction redaction({"pin", "key"});
  for (const std::string_view key : {"pin", "PIN", "card_pin", "cardPin",
                                     "card-pin", "card2pin", "apiKey"}) {
    EXPECT_TRUE(redaction.hides(key)) << key;
  }
  for (const std::string_view key :
       {"spin", "SPIN", "monkey", "pins", "shipping"}) {
    EXPECT_FALSE(redaction.hides(key)) << key;
  }
  EXPECT_TRUE(redaction.hides_word_of("card_pin=1"));
  EXPECT_FALSE(redaction.hides_word_of("spin=1"));
}

TEST(RedactionTest, ANameWithAnAsteriskHidesWhatBeginsSo) {
  const Redaction redaction({"card_*", "api_key*", "ssn"});
  for (const char* key : {"card_number", "Card_", "card-number", "API_KEY_2",
                          "apiKeyOfAnn", "ssn", "customer_ssn"}) {
    EXPECT_TRUE(redaction.hides(key)) << key;
    EXPECT_TRUE(Redaction::hides_member(&redaction, key)) << key;
  }
  for (const char* key :
       {"card", "cardinal", "my_card_number", "ssn_count", "card*", "api"}) {
    EXPECT_FALSE(redaction.hides(key)) << key;
  }
  EXPECT_TRUE(redaction.hides_word_of("{card_number: 1"));
  EXPECT_TRUE(redaction.hides_word_of("{\"card\\u005fnumber\": 1"));
  EXPECT_FALSE(redaction.hides_word_of("{my_card_number: 1"));
  EXPECT_TRUE(Redaction({"*"}).hides("anything"));
}

TEST(RedactionTest, NamesOfAnySizeHide) {
  std::vector<std::string> names;
  for (std::size_t size = 5; size < 200; ++size) {
    std::string name;
    for (std::size_t i = 0; i < size; ++i) {
      name += static_cast<char>('a' + (size * 7 + i * i) % 26);
    }
    names.push_back(name);
  }
  const Redaction redaction(names);
  for (const std::string& name : names) {
    EXPECT_TRUE(redaction.hides(name));
    EXPECT_TRUE(redaction.hides("x_" + name));
    EXPECT_FALSE(redaction.hides(name + "."));
  }
}

TEST(RedactionTest, HidesTheUsualKeysByDefault) {
  const Redaction redaction(Redaction::default_names());
  for (const std::string_view key :
       {"password", "passwd", "secret", "token", "api_key", "authorization"}) {
    EXPECT_TRUE(redaction.hides(key)) << key;
  }
}

TEST(RedactionTest, AnEmptyListHidesNothing) {
  const Redaction none{std::vector<std::string>()};
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(Redaction().empty());
  EXPECT_FALSE(none.hides("password"));
  EXPECT_FALSE(none.hides(""));
  const Redaction empty_key(std::vector<std::string>{""});
  EXPECT_FALSE(empty_key.hides(""));
}

TEST(RedactionTest, FindsSecretsAmongTheWordsOfAText) {
  const Redaction redaction(std::vector<std::string>{"token"});
  for (const std::string_view text :
       {"token", "{\"token\":1", "{'Token': 1}", "a=1&token=2", "{token:1}",
        "\\\"token\\\"", "x token", "<token>", "{\"my_token\":1", "a.token"}) {
    EXPECT_TRUE(redaction.hides_word_of(text)) << text;
  }
  for (const std::string_view text : {"", " ", "tokens", "{\"token_count\":1",
                                      "a.tokens", "to ken", "{}{}"}) {
    EXPECT_FALSE(redaction.hides_word_of(text)) << text;
  }
}

TEST(RedactionTest, EscapesHideNoSecret) {
  const Redaction redaction(
      std::vector<std::string>{"password", "credit card", "\xD0\xBF"});
  for (const std::string_view text :
       {"{\"pass\\u0077ord\":\"hunter2\"", "{\"\\u0070\\u0061ssword\":1",
        "\\u0022password\\u0022:1", "{\"a\":\"{\\\"pass\\\\u0077ord\\\":1}",
        "\\u005cu0070assword", "\\npassword", "{\"credit card\":1",
        "{\"credit\\u0020card\":1", "{\"\\u043f\":1",
        "{\"\\u041F\":1, \"\xD0\xBF\":2", "PASS\\u0057ORD=1"}) {
    EXPECT_TRUE(redaction.hides_word_of(text)) << text;
  }
  for (const std::string_view text :
       {"\\", "\\u", "\\u00", "\\u00zz", "pass\\u0078ord", "\\ud83d",
        "\\ud83d\\u0041", "creditcard", "credit"}) {
    EXPECT_FALSE(redaction.hides_word_of(text)) << text;
  }
}

TEST(KeyShapesTest, NoNameThatWasAddedIsMissed) {
  KeyShapes shapes;
  std::string name;
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) {
    name += static_cast<char>('a' + i % 26);
    names.push_back(name);
    names.push_back(static_cast<char>('z' - i % 26) + name);
  }
  for (const std::string& each : names) shapes.add(each);
  for (std::string each : names) {
    EXPECT_TRUE(shapes.may_have(each));
    for (char& c : each) c = static_cast<char>(c - 'a' + 'A');
    EXPECT_TRUE(shapes.may_have(each));
  }
}

TEST(KeyShapesTest, MostOtherKeysAreDistinct) {
  KeyShapes shapes;
  for (const std::string_view name :
       {"id", "timestamp", "level", "event", "data", "message", "logger",
        "func", "scope", "password", "secret", "token", "api_key"}) {
    shapes.add(name);
  }
  int maybe = 0;
  for (int i = 0; i < 10000; ++i) {
    maybe += shapes.may_have("key_" + std::to_string(i * 7919)) ? 1 : 0;
  }
  EXPECT_LT(maybe, 2000);
  EXPECT_FALSE(shapes.may_have(""));
  EXPECT_FALSE(KeyShapes().may_have("id"));
}

}  // namespace
}  // namespace stogger
