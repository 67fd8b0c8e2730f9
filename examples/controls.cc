// What a service in operation controls: levels by logger, fields that all
// events have, limits for floods, which events a sink takes, and what is
// recorded in case that something fails.
#include <stogger/log.h>

#include <csignal>
#include <cstdio>

int main() {
  stogger::init("controls.toml");
  stogger::reload_on(SIGHUP);
  const stogger::Logger http = stogger::logger("http.client");
  const stogger::Logger pool = stogger::logger("db.pool");

  http.debug("request-sent", {{"path", "/cart"}});
  pool.warning("connection-idle");  // below the level of its rule

  // Someone looks for a fault: more of one part, while the service runs.
  stogger::set_level("db", stogger::Level::debug);
  pool.warning("connection-idle");  // the rule for db.pool still holds
  stogger::set_level("db.pool", stogger::Level::debug);
  pool.debug("connection-taken", {{"idle_s", 12}});

  for (int i = 0; i < 1000; ++i) {
    stogger::warning("cache-miss", {{"key", i}});
  }
  stogger::info("order-paid", {{"order", 7}});

  for (const int order : {8, 9}) {
    const stogger::Scope scope(stogger::logger("shop"), "order");
    stogger::debug("price-found", {{"order", order}});
    if (order == 9) stogger::error("payment-failed", {{"order", order}});
  }

  const stogger::Stats stats = stogger::stats();
  std::printf("%llu events were left out by limits\n",
              static_cast<unsigned long long>(stats.suppressed()));
}
