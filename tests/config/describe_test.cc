#include "config/option.h"
#include "config/reading.h"

namespace stogger {
namespace {

class DescribeTest : public ConfigTest {
 protected:
  static std::string describe_text(std::string_view toml) {
    const Built built = build_text(toml);
    EXPECT_EQ(built.problems, Lines());
    return describe(built.config, built.sinks);
  }
};

constexpr std::string_view kSome = R"([stogger]
level = "debug"
logdir = "/nowhere"
syslog_identifier = "shop"
caller_info = true
redact = ["pin", "a\"b"]
[stogger.sinks."my audit"]
type = "jsonl"
path = "/nowhere/$${x}.log"
level = "error"
max_bytes = 5
)";

TEST_F(DescribeTest, ShowsWhatIsInEffectWithAllDefaults) {
  EXPECT_EQ(describe_text("[stogger]\nsyslog_identifier = \"shop\""),
            R"([stogger]
level = "info"
syslog_identifier = "shop"
log_to_console = true
caller_info = false
report_events = true
watch = false
redact = ["password", "passwd", "secret", "token", "api_key", "authorization"]

[stogger.sinks.console]  # by log_to_console
type = "console"
stream = "stderr"
format = "text"
time = "utc"
)");
  const std::string some = describe_text(kSome);
  for (const char* line :
       {"[stogger.sinks.\"my audit\"]\ntype = \"jsonl\"\nlevel = \"error\"\n",
        "path = \"/nowhere/$${x}.log\"\n", "max_bytes = 5\n",
        "\nrotation = \"none\"\n", "\nflush = \"line\"\n",
        "[stogger.sinks.file]  # by logdir\ntype = \"file\"\n",
        "path = \"/nowhere/shop.log\"\n", "redact = [\"pin\", \"a\\\"b\"]\n"}) {
    EXPECT_NE(some.find(line), std::string::npos) << line << some;
  }
}

TEST_F(DescribeTest, MeansTheSameWhenReadAgain) {
  const std::string once = describe_text(kSome);
  const Built again = build_text(once);
  EXPECT_EQ(again.problems, Lines());
  EXPECT_EQ(again.names(), Lines({"console", "my audit", "file"}));
  EXPECT_EQ(again.config.level, Level::debug);
  EXPECT_EQ(again.config.redact, Lines({"pin", "a\"b"}));
  EXPECT_EQ(again.find("my audit")->level, Level::error);
  EXPECT_EQ(again.config.sinks[1].options[0].value.view().text(),
            "/nowhere/${x}.log");
  // Only where the sinks came from is no longer known.
  const std::string twice = describe(again.config, again.sinks);
  EXPECT_EQ(describe_text(twice), twice);
}

TEST_F(DescribeTest, TypesOfColumnsAreShownWhateverTheirNames) {
  const std::string described = describe_text(
      "[stogger.sinks.a]\ntype = \"sqlite\"\npath = \"/nowhere/a\"\n"
      "columns = {user_id = \"integer\", api_key = \"text\"}\n");
  EXPECT_NE(
      described.find("columns = {user_id = \"integer\", api_key = \"text\"}\n"),
      std::string::npos)
      << described;
  const std::string again = describe_text(described);
  EXPECT_EQ(describe_text(again), again);
}

TEST_F(DescribeTest, SecretsAreHidden) {
  ASSERT_TRUE(register_sink("describe-test-secretive", [](Options& options,
                                                          SinkPtr* sink) {
                options.text("dsn");
                options.text("password");
                options.text("hook");
                options.text("api_token", "default-secret");
                options.list_size("targets");
                sink->reset(new NullSink);
                return options.finish();
              }).ok());
  const ScopedVariable variable("STOGGER_TEST_TOKEN", "s3cret");
  const std::string shown = describe_text(R"([stogger.sinks.a]
type = "describe-test-secretive"
dsn = "postgresql://shop:s3cret@db/logs?password=s3cret"
password = "s3cret"
hook = "https://hooks/${STOGGER_TEST_TOKEN}"
targets = ["amqp://u:s3cret@mq", "x"]
)");
  EXPECT_EQ(shown.find("s3cret"), std::string::npos) << shown;
  for (const char* line :
       {"dsn = \"[REDACTED]\"\n", "password = \"[REDACTED]\"\n",
        "hook = \"https://hooks/${STOGGER_TEST_TOKEN}\"\n",
        "api_token = \"[REDACTED]\"\n",
        "targets = [\"amqp://u:***@mq\", \"x\"]\n"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
}

// Whatever the key and the name of the variable.
TEST_F(DescribeTest, VariablesAreShownByTheirNameEverywhere) {
  const ScopedVariable one("STOGGER_TEST_ONE", "hunter2dbpass");
  const ScopedVariable folder("STOGGER_TEST_FOLDER", "/var/log/hunter2");
  const ScopedVariable short_one("STOGGER_TEST_ID", "42");
  const std::string shown = describe_text(R"([stogger]
syslog_identifier = "shop-${STOGGER_TEST_ONE}"
logdir = "${STOGGER_TEST_FOLDER}/${STOGGER_TEST_ID}"
redact = ["${STOGGER_TEST_ONE}"]
[stogger.sinks.a]
type = "jsonl"
path = "${STOGGER_TEST_FOLDER}/a-${STOGGER_TEST_ID}.jsonl"
[stogger.sinks.journal]
type = "journald"
)");
  EXPECT_EQ(shown.find("hunter2"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("42"), std::string::npos) << shown;
  for (const char* line :
       {"syslog_identifier = \"shop-${STOGGER_TEST_ONE}\"\n",
        "redact = [\"${STOGGER_TEST_ONE}\"]\n",
        "path = \"${STOGGER_TEST_FOLDER}/a-${STOGGER_TEST_ID}.jsonl\"\n",
        "path = \"${STOGGER_TEST_FOLDER}/${STOGGER_TEST_ID}/"
        "shop-${STOGGER_TEST_ONE}.log\"\n",
        "identifier = \"shop-${STOGGER_TEST_ONE}\"\n"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
  EXPECT_EQ(describe_text(shown).find("hunter2"), std::string::npos);
}

TEST_F(DescribeTest, ASecretThatIsAVariableIsShownByItsName) {
  const ScopedVariable variable("STOGGER_TEST_ONE", "hunter2dbpass");
  EXPECT_EQ(show_text("password", "${STOGGER_TEST_ONE}"),
            "\"${STOGGER_TEST_ONE}\"");
  for (const char* key : {"pass", "pw", "stripe_sk", "key", "dsn"}) {
    EXPECT_EQ(show_text(key, "x${STOGGER_TEST_ONE}"), "\"[REDACTED]\"") << key;
  }
}

TEST_F(DescribeTest, ATypeThatIsUnknownIsNotShownIfItIsAVariable) {
  const ScopedVariable variable("STOGGER_TEST_ONE", "hunter2dbpass");
  const Built built = build_text(
      "[stogger]\n[stogger.sinks.a]\ntype = \"${STOGGER_TEST_ONE}\"\n");
  ASSERT_EQ(built.problems.size(), 1u);
  EXPECT_TRUE(built.problems[0].starts_with(
      "c.toml:3:1: unknown sink type \"${STOGGER_TEST_ONE}\""))
      << built.problems[0];
}

TEST_F(DescribeTest, ProblemsDoNotShowSecrets) {
  const ScopedVariable variable("STOGGER_TEST_TOKEN", "s3cret");
  const Built built = build_text(R"([stogger]
level = "${STOGGER_TEST_TOKEN}"
[stogger.sinks.a]
type = "file"
path = "/nowhere"
rotation = "${STOGGER_TEST_TOKEN}"
level = "${STOGGER_TEST_TOKEN}"
[stogger.sinks.b]
type = "file"
path = "/nowhere"
[stogger.sinks.c]
type = "file"
path = "/${STOGGER_TEST_TOKEN}/../nowhere"
[stogger.sinks.d]
type = "file"
path = "/${STOGGER_TEST_TOKEN}"
[stogger.sinks.e]
type = "file"
path = "/${STOGGER_TEST_TOKEN}"
)");
  ASSERT_EQ(built.problems.size(), 5u);
  for (const std::string& problem : built.problems) {
    EXPECT_EQ(problem.find("s3cret"), std::string::npos) << problem;
  }
}

}  // namespace
}  // namespace stogger
