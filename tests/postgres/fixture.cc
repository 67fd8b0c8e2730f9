#include "tests/postgres/fixture.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "sinks/postgres/postgres.h"

namespace stogger {
namespace {

// For configurations that name its type.
const Status registered = register_sink("postgres", &make_postgres_sink);

}  // namespace

SinkPtr make_postgres(std::vector<Field> options) {
  const bool waits = std::any_of(
      options.begin(), options.end(),
      [](const Field& field) { return field.key == "start_wait_ms"; });
  if (!waits) options.push_back({"start_wait_ms", 20000});
  return make_or_throw(make_postgres_sink, options);
}

std::string postgres_refusal(const std::vector<Field>& options) {
  return refusal(make_postgres_sink, options);
}

Status LoggedSystem::add(std::vector<Field> options) {
  std::string_view letters;
  std::erase_if(options, [&](const Field& field) {
    if (field.key != "dead_letter") return false;
    letters = field.value.text();
    return true;
  });
  return system_.add_sink("db", make_postgres(options), Level::trace, letters);
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

void PostgresTest::expect_rarely_slow() {
  int slow = 0;
  const auto end = std::chrono::steady_clock::now() + milliseconds(1000);
  while (std::chrono::steady_clock::now() < end) {
    const Duration taken = log_one();
    EXPECT_LE(in_milliseconds(taken),
              in_milliseconds(kDeadline + kGrace + kNoise));
    if (taken > milliseconds(kSanitized ? 20 : 5)) ++slow;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  // Back-offs of 100, 200, 400 and 800 ms, and what the machine adds.
  EXPECT_LE(slow, 8);
}

std::string PostgresTest::start_server_with_tls() {
  const std::string user = unprivileged_user();
  const std::string key = keys_.file("key");
  const std::string certificate = keys_.file("certificate");
  const std::string command =
      "openssl req -new -x509 -days 30 -nodes -subj /CN=localhost -addext "
      "subjectAltName=IP:127.0.0.1 -keyout " +
      key + " -out " + certificate + " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) return {};
  for (const std::string& path : {keys_.path(), key, certificate}) {
    give_to(user, path);
  }
  std::filesystem::permissions(key, std::filesystem::perms::owner_read |
                                        std::filesystem::perms::owner_write);
  start_server(
      {.settings = {"ssl = on", "ssl_cert_file = '" + certificate + "'",
                    "ssl_key_file = '" + key + "'"},
       .access = {"hostssl all all all trust"}});
  return certificate;
}

std::string PostgresTest::reports() const {
  std::string text;
  for (const std::string& line : diagnostics_.lines()) text += line + "\n";
  return text;
}

}  // namespace stogger
