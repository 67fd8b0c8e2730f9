#include "base/scrub.h"

#include <gtest/gtest.h>

namespace stogger {
namespace {

TEST(ScrubTest, HidesThePasswordOfAUrl) {
  EXPECT_EQ(hide_secrets("postgresql://shop:s3cret@db:5432/logs?sslmode=off"),
            "postgresql://shop:***@db:5432/logs?sslmode=off");
  EXPECT_EQ(hide_secrets("see a://u:p@h and b://v:q@g"),
            "see a://u:***@h and b://v:***@g");
}

TEST(ScrubTest, HidesAPasswordThatWasNotEncoded) {
  EXPECT_EQ(hide_secrets("postgresql://u:p@ss/w:rd@host/db"),
            "postgresql://u:***@host/db");
}

TEST(ScrubTest, HidesPasswordsAmongSettings) {
  EXPECT_EQ(hide_secrets("host=db password=s3cret user=u"),
            "host=db password=*** user=u");
  EXPECT_EQ(hide_secrets("password = 'it''s a \\' secret' user=u"),
            "password = *** user=u");
  EXPECT_EQ(hide_secrets("postgresql://h/d?password=x&sslmode=off"),
            "postgresql://h/d?password=***&sslmode=off");
  EXPECT_EQ(hide_secrets("PGPASSWORD=x; sslpassword=y"),
            "PGPASSWORD=***; sslpassword=***");
  EXPECT_EQ(hide_secrets("user=u password='never closed"),
            "user=u password=***");
  EXPECT_EQ(hide_secrets("password="), "password=");
}

TEST(ScrubTest, KeepsWhatIsNoSecret) {
  for (const char* text :
       {"", "=", "://", "://@", "a://:@", "/var/log/shop.log", "a = b",
        "postgresql://user@host/db", "postgresql://host:5432/db", "a@b:c",
        "postgresql://u:%PASSWORD%@host/db"}) {
    EXPECT_EQ(hide_secrets(text), text);
  }
}

TEST(ScrubTest, KnowsNamesOfSecrets) {
  for (const char* name : {"password", "DB_PASSWORD", "ApiKey", "api_key",
                           "access_token", "client_secret", "pwd"}) {
    EXPECT_TRUE(names_secret(name)) << name;
  }
  for (const char* name : {"", "path", "user", "key", "HOME", "pass"}) {
    EXPECT_FALSE(names_secret(name)) << name;
  }
}

TEST(ScrubTest, AnEmptySecretHidesNoNameOfAnother) {
  EXPECT_EQ(hide_secrets("token= password = hunter2 host=db"),
            "token= *** = *** host=db");
}

}  // namespace
}  // namespace stogger
