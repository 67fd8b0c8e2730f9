// The same events as text, as logfmt and as JSON lines: docs/formats/ quotes
// what this program writes.
#include <stogger/log.h>

#include <limits>

namespace {

void log_values() {
  using Limits = std::numeric_limits<double>;
  stogger::info("numbers", {{"integer", 18446744073709551615U},
                            {"real", 1.0},
                            {"small", 0.1},
                            {"nan", Limits::quiet_NaN()},
                            {"infinity", -Limits::infinity()}});
  stogger::info("others", {{"null", nullptr},
                           {"boolean", true},
                           {"time", stogger::Time{1795225168656642000}},
                           {"json", stogger::Json{R"({"sizes": [1, 2.50]})"}}});
  stogger::info("texts", {{"empty", ""},
                          {"words", "two words"},
                          {"quoted", "say \"hi\""},
                          {"path", "C:\\temp"},
                          {"lines", "a\nb"},
                          {"escape", "\x1b[31m"},
                          {"hidden", "\u202e"},
                          {"bad", "\xff"}});
}

}  // namespace

int main() {
  stogger::init("formats.toml");

  stogger::info("user-login", {{"user_id", 42}, {"ip", "10.0.0.7"}});
  stogger::warning("disk-low", {{"free_mb", 120.5}, {"mount", "/var"}},
                   "Only {free_mb:.1f} MB left");
  log_values();
  stogger::info("own-keys", {{"level", 3}, {"logger", "mine"}, {"a", 1}});
  stogger::info("same-key", {{"a", 1}, {"b", 2}, {"a", 3}});
  stogger::info("secret", {{"access_token", "a1b2"}});

  const stogger::Logger log = stogger::logger("http").with({{"id", "a7f3"}});
  const stogger::Scope scope("checkout", {{"order", 7}});
  log.info("request", {{"ms", 12}});
}
