// What calls of spdlog and of glog become: docs/migrating.md quotes this file.
#include <stogger/log.h>
#include <stogger/std.h>

#include <string>
#include <vector>

namespace {

struct Cart {
  std::vector<int> items;
};

void from_spdlog(const Cart& cart, const std::string& ip) {
  // spdlog::info("User {} logged in from {}", 42, ip);
  stogger::info("user-login", {{"user_id", 42}, {"ip", ip}},
                "User {user_id} logged in from {ip}");

  // spdlog::get("http")->warn("slow: {:.1f} ms", ms);
  const stogger::Logger http = stogger::logger("http");
  http.warning("slow-request", {{"ms", 12.34}}, "slow: {ms:.1f} ms");

  // SPDLOG_LOGGER_DEBUG(log, "{} items", count_items(cart));
  STOGGER_AT(http, stogger::Level::debug, "cart",
             {{"items", cart.items.size()}});

  // log->should_log(spdlog::level::debug)
  if (http.enabled(stogger::Level::debug)) {
    http.debug("cart-items", {{"items", cart.items}});
  }

  // spdlog::mdc::put("request_id", "a1b2");
  const stogger::Scope scope("request", {{"request_id", "a1b2"}});
  stogger::info("request-done", {{"ms", 12}});
}

void from_glog(int count, const std::string& file) {
  // LOG(ERROR) << "cannot read " << file;
  stogger::error("read-failed", {{"file", file}}, "cannot read {file}");

  // LOG_IF(WARNING, count > 100) << count << " waiting";
  if (count > 100) stogger::warning("queue-long", {{"waiting", count}});

  // VLOG(1) << "step " << count;
  stogger::debug("step", {{"number", count}});

  // LOG_EVERY_N(INFO, 100) << "still busy";
  static thread_local unsigned calls = 0;
  if (calls++ % 100 == 0) stogger::info("still-busy");
}

}  // namespace

int main() {
  stogger::init("migrating.toml");
  from_spdlog({{1, 2}}, "10.0.0.7");
  from_glog(3, "/srv/orders");

  // spdlog::shutdown(), google::ShutdownGoogleLogging(): happens at the end of
  // the program, too.
  stogger::shutdown();
}
