// Threads that log for a while to a server that comes and goes.
//
//   STOGGER_SOAK_SECONDS  how long (default: 10)
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fixture.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;

double resident_mebibytes() {
  std::ifstream file("/proc/self/statm");
  long total = 0;
  long resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class Soak : public PostgresTest {
 protected:
  static std::chrono::seconds length() {
    const char* seconds = std::getenv("STOGGER_SOAK_SECONDS");
    return std::chrono::seconds(seconds == nullptr ? 10 : std::atoi(seconds));
  }

  // Does something bad to the server, and ends that.
  void do_harm(unsigned long kind, milliseconds time) {
    switch (kind % 6) {
      case 0:
        server().stop();
        std::this_thread::sleep_for(time);
        return server().start();
      case 1:
        server().stop_at_once();
        std::this_thread::sleep_for(time);
        return server().start();
      case 2:
        server().kill();
        std::this_thread::sleep_for(time);
        return server().start();
      case 3:
        server().pause();
        std::this_thread::sleep_for(time);
        return server().resume();
      case 4:
        return server().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
            "backend_type = 'client backend' AND pid <> pg_backend_pid()");
      default:
        return server().restart();
    }
  }
};

TEST_F(Soak, NothingIsLostUncountedAndMemoryStaysFlat) {
  const auto seconds = length();
  std::random_device seed_source;
  const unsigned seed = seed_source();
  std::cout << seconds.count() << " s, seed " << seed << std::endl;
  std::mt19937 random(seed);
  ASSERT_OK(add());
  const std::size_t descriptors = open_descriptors();

  std::atomic<Duration::rep> slowest{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&](const std::stop_token& end) {
      while (!end.stop_requested()) {
        const Duration::rep taken = log_one().count();
        Duration::rep before = slowest;
        while (taken > before &&
               !slowest.compare_exchange_weak(before, taken)) {
        }
        std::this_thread::sleep_for(500us);
      }
    });
  }
  const auto start = SteadyClock::now();
  double early = 0;
  int harms = 0;
  while (SteadyClock::now() < start + seconds) {
    std::this_thread::sleep_for(milliseconds(random() % 400));
    do_harm(random(), milliseconds(random() % 700));
    ++harms;
    if (early == 0 && SteadyClock::now() > start + seconds / 3) {
      early = resident_mebibytes();
    }
  }
  const double late = resident_mebibytes();
  threads.clear();

  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
  // One more session may be in reserve.
  EXPECT_LE(open_descriptors(), descriptors + 2);
  const SinkStats now = stats();
  std::cout << harms << " harms, " << now.accepted << " events: " << now.written
            << " written, " << now.dropped << " dropped, " << now.in_doubt
            << " in doubt; the slowest call took "
            << in_milliseconds(Duration(slowest)) << " ms; memory " << early
            << " MiB, then " << late << " MiB" << std::endl;
  EXPECT_EQ(now.dead_lettered, 0u);
  EXPECT_GT(now.written, 0u);
  // Several threads wait for their turn, while the machine starts servers.
  EXPECT_LE(in_milliseconds(Duration(slowest)),
            2 * in_milliseconds(kDeadline + kGrace + kNoise));
  if (!kSanitized) {
    EXPECT_LE(late, early + 8);
  }
}

}  // namespace
}  // namespace stogger
