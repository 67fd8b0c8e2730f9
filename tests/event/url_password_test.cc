#include "event/url_password.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/buffer.h"

namespace stogger {
namespace {

std::string hidden(std::string_view text) {
  Buffer out;
  append_without_url_passwords(out, text, "*");
  EXPECT_EQ(has_url_password(text), out.view() != text) << text;
  return std::string(out.view());
}

TEST(UrlPasswordTest, PasswordsAreHidden) {
  EXPECT_EQ(hidden("https://user:pw@host/"), "https://user:*@host/");
  EXPECT_EQ(hidden("a://:b@c"), "a://:*@c");
  EXPECT_EQ(hidden("amqp://guest:p:w@host"), "amqp://guest:*@host");
  EXPECT_EQ(hidden("postgres://u:p@ss@host:5432/db?a=b"),
            "postgres://u:*@host:5432/db?a=b");
  EXPECT_EQ(hidden("GET http://u:p@h failed"), "GET http://u:*@h failed");
  EXPECT_EQ(hidden("{\"url\":\"redis://:pw@h:1\"}"),
            "{\"url\":\"redis://:*@h:1\"}");
}

TEST(UrlPasswordTest, EachOfSeveralIsHidden) {
  EXPECT_EQ(hidden("a://b:c@d,e://f, g://h:i@j"), "a://b:*@d,e://f, g://h:*@j");
  EXPECT_EQ(hidden("x://a:b://c:d@e"), "x://a:b://c:*@e");
}

TEST(UrlPasswordTest, OtherTextsStay) {
  for (const std::string_view text :
       {"", "@", "://", "https://host:8080/a@b", "https://user@host",
        "https://user:@host", "mailto:a@b.c", "user:pw@host", "a://b?c:d@e",
        "a://b#c:d@e", "a://b c:d@e", "12:34 me@example.org", "a://b:c",
        "https://host/?mail=a:b@c"}) {
    EXPECT_EQ(hidden(text), text);
  }
}

}  // namespace
}  // namespace stogger
