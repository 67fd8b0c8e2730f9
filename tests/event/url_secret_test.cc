#include "event/url_secret.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/buffer.h"

namespace stogger {
namespace {

bool is_token(const void*, std::string_view name) {
  return name.ends_with("token");
}

std::string hidden(std::string_view text) {
  Buffer out;
  append_without_url_secrets(out, text, &is_token, nullptr, "*");
  EXPECT_EQ(has_url_secret(text, &is_token, nullptr), out.view() != text)
      << text;
  return std::string(out.view());
}

TEST(UrlSecretTest, PasswordsAreHidden) {
  EXPECT_EQ(hidden("https://user:pw@host/"), "https://user:*@host/");
  EXPECT_EQ(hidden("a://:b@c"), "a://:*@c");
  EXPECT_EQ(hidden("amqp://guest:p:w@host"), "amqp://guest:*@host");
  EXPECT_EQ(hidden("postgres://u:p@ss@host:5432/db?a=b"),
            "postgres://u:*@host:5432/db?a=b");
  EXPECT_EQ(hidden("GET http://u:p@h failed"), "GET http://u:*@h failed");
  EXPECT_EQ(hidden("{\"url\":\"redis://:pw@h:1\"}"),
            "{\"url\":\"redis://:*@h:1\"}");
}

TEST(UrlSecretTest, AColonAnywhereMayBeOfAUrl) {
  for (std::size_t size = 6; size < 40; ++size) {
    const std::string name(size, ';');
    EXPECT_FALSE(may_be_url(name)) << size;
    for (std::size_t at = 0; at < size; ++at) {
      std::string url = name;
      url[at] = ':';
      EXPECT_TRUE(may_be_url(url)) << at << " of " << size;
    }
  }
  EXPECT_TRUE(may_be_url("://:b@"));
  EXPECT_FALSE(may_be_url(""));
  EXPECT_FALSE(may_be_url(std::string(20, '\xBA')));  // : and the highest bit
}

TEST(UrlSecretTest, ParametersAreHiddenByTheirNames) {
  EXPECT_EQ(hidden("/login?token=abc"), "/login?token=*");
  EXPECT_EQ(hidden("https://host/a?x=1&access_token=a=b;c?d&y=2#z"),
            "https://host/a?x=1&access_token=*&y=2#z");
  EXPECT_EQ(hidden("https://host/cb#id_token=abc&state=1"),
            "https://host/cb#id_token=*&state=1");
  EXPECT_EQ(hidden("?x=1;token=abc"), "?x=1;token=*");
  EXPECT_EQ(hidden("https://u:p@h/?token=a GET /?b&token=c&token=d ok"),
            "https://u:*@h/?token=* GET /?b&token=*&token=* ok");
  EXPECT_EQ(hidden("{\"url\":\"/?token=abc\",\"n\":1}"),
            "{\"url\":\"/?token=*\",\"n\":1}");
}

TEST(UrlSecretTest, EachOfSeveralIsHidden) {
  EXPECT_EQ(hidden("a://b:c@d,e://f, g://h:i@j"), "a://b:*@d,e://f, g://h:*@j");
  EXPECT_EQ(hidden("x://a:b://c:d@e"), "x://a:b://c:*@e");
}

TEST(UrlSecretTest, OtherTextsStay) {
  for (const std::string_view text : {"",
                                      "@",
                                      "://",
                                      "https://host:8080/a@b",
                                      "https://user@host",
                                      "https://user:@host",
                                      "mailto:a@b.c",
                                      "user:pw@host",
                                      "a://b?c:d@e",
                                      "a://b#c:d@e",
                                      "a://b c:d@e",
                                      "12:34 me@example.org",
                                      "a://b:c",
                                      "https://host/?mail=a:b@c",
                                      "/?token=",
                                      "/?token",
                                      "token=abc",
                                      "/?tokens=abc",
                                      "? token=abc",
                                      "/?x=token=abc",
                                      "/?#&=;",
                                      "?="}) {
    EXPECT_EQ(hidden(text), text);
  }
}

}  // namespace
}  // namespace stogger
