#include "tests/postgres/fixture.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "sinks/postgres/postgres.h"

namespace stogger {
namespace {

// For configurations that name its type.
const Status registered = register_sink("postgres", &make_postgres_sink);

}  // namespace

SinkPtr make_postgres(const std::vector<Field>& options) {
  return make_or_throw(make_postgres_sink, options);
}

std::string postgres_refusal(const std::vector<Field>& options) {
  return refusal(make_postgres_sink, options);
}

Status LoggedSystem::add(const std::vector<Field>& options) {
  return system_.add_sink("db", make_postgres(options));
}

Duration LoggedSystem::log_one() {
  const std::uint64_t number = logged_++;
  const auto start = std::chrono::steady_clock::now();
  log_.info("event", {{"seq", number}});
  return std::chrono::steady_clock::now() - start;
}

bool LoggedSystem::recovers(milliseconds most) {
  const std::uint64_t before = stats().written;
  return wait_until(
      [&] {
        log_one();
        return stats().written > before;
      },
      most);
}

void LoggedSystem::expect_balanced(const PostgresServer& server,
                                   const std::string& table) const {
  const SqlRow counts = server.query(
      "SELECT count(*), count(DISTINCT data->>'seq') FROM " + table)[0];
  expect_balanced(std::stoull(counts[0]), std::stoull(counts[1]));
}

void LoggedSystem::expect_balanced(std::uint64_t rows,
                                   std::uint64_t distinct) const {
  const SinkStats now = stats();
  EXPECT_EQ(now.accepted, logged());
  EXPECT_EQ(now.pending, 0u);
  EXPECT_TRUE(is_balanced(now))
      << now.accepted << " accepted, " << now.written << " written, "
      << now.dropped << " dropped, " << now.dead_lettered << " dead-lettered, "
      << now.in_doubt << " in doubt, " << now.pending << " pending";
  EXPECT_EQ(rows, distinct) << "there are rows twice";
  EXPECT_GE(rows, now.written);
  EXPECT_LE(rows, now.written + now.in_doubt);
}

void PostgresTest::SetUp() { SKIP_IF(PostgresServer::why_not()); }

PostgresServer& PostgresTest::server() {
  if (!server_) server_ = std::make_unique<PostgresServer>();
  return *server_;
}

void PostgresTest::start_server(const PostgresServer::Plan& plan) {
  server_ = std::make_unique<PostgresServer>(plan);
}

Status PostgresTest::add(std::vector<Field> options) {
  const bool elsewhere =
      std::any_of(options.begin(), options.end(), [](const Field& field) {
        return field.key == "dsn" || field.key == "host";
      });
  const std::string dsn = elsewhere ? "" : server().dsn();
  if (!elsewhere) options.push_back({"dsn", dsn});
  return LoggedSystem::add(options);
}

void PostgresTest::expect_bounded(milliseconds deadline) {
  EXPECT_LE(in_milliseconds(log_one()),
            in_milliseconds(deadline + kGrace + kNoise));
}

void PostgresTest::expect_quick(int calls) {
  int slow = 0;
  Duration slowest{0};
  for (int i = 0; i < calls; ++i) {
    const Duration taken = log_one();
    slowest = std::max(slowest, taken);
    if (taken > milliseconds(1)) ++slow;
  }
  // The machine may have other things to do now and then.
  EXPECT_LE(slow, calls / 50)
      << "the slowest took " << in_milliseconds(slowest) << " ms";
  EXPECT_LE(in_milliseconds(slowest), in_milliseconds(kNoise));
}

std::string PostgresTest::reports() const {
  std::string text;
  for (const std::string& line : diagnostics_.lines()) text += line + "\n";
  return text;
}

}  // namespace stogger
