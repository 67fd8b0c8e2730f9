// What migration_spdlog.cc does, with stogger.
#include <stogger/log.h>

int main() {
  stogger::init("migration.toml");
  const stogger::Logger http = stogger::logger("http");
  const stogger::Logger db = stogger::logger("db");

  for (int id = 1; id <= 3; ++id) {
    http.debug("request-begins", {{"id", id}});
    db.debug("query", {{"ms", 0.5 * id}}, "query took {ms:.1f} ms");
    http.info("request-done", {{"id", id}, {"status", 200}});
  }
  for (int i = 0; i < 1000; ++i) db.warning("cache-miss");
  http.error("upstream-timeout", {{"ms", 1500}}, "timeout after {ms} ms");
  db.info("limits", {{"left_out", stogger::stats().suppressed()}});
}
