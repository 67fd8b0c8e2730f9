// A program that logs through spdlog. migration_stogger.cc is the same with
// stogger; docs/migrating.md has both, and what they write.
#include <spdlog/cfg/env.h>
#include <spdlog/sinks/dup_filter_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>

int main() {
  const auto file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
      "spdlog.log", 450, 1);
  const auto filter = std::make_shared<spdlog::sinks::dup_filter_sink_mt>(
      std::chrono::seconds(10));
  filter->add_sink(file);
  const auto http = std::make_shared<spdlog::logger>("http", filter);
  const auto db = std::make_shared<spdlog::logger>("db", filter);
  spdlog::register_logger(http);
  spdlog::register_logger(db);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %L [%n] %v",
                      spdlog::pattern_time_type::utc);
  spdlog::cfg::load_env_levels();

  for (int id = 1; id <= 3; ++id) {
    http->debug("request {} begins", id);
    db->debug("query took {:.1f} ms", 0.5 * id);
    http->info("request {} done: {}", id, 200);
  }
  for (int i = 0; i < 1000; ++i) db->warn("cache miss");
  http->error("upstream timeout after {} ms", 1500);
}
