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
#include "tests/support/small_disk.h"

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

  // Threads log while the server suffers. Memory stays within `most_growth`
  // MiB of what it was after a third of the time, as far as that can be told.
  void soak(double most_growth) {
    const auto seconds = length();
    std::random_device seed_source;
    const unsigned seed = seed_source();
    std::cout << seconds.count() << " s, seed " << seed << std::endl;
    std::mt19937 random(seed);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this](const std::stop_token& end) {
        while (!end.stop_requested()) {
          note(log_one().count());
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
    std::cout << harms << " harms; the slowest call took "
              << in_milliseconds(Duration(slowest_)) << " ms; memory " << early
              << " MiB, then " << late << " MiB" << std::endl;
    if (!kSanitized) {
      EXPECT_LE(late, early + most_growth);
    }
  }
  void show() const {
    const SinkStats now = stats();
    std::cout << now.accepted << " events: " << now.written << " written, "
              << now.dropped << " dropped, " << now.in_doubt << " in doubt"
              << std::endl;
  }

  std::atomic<Duration::rep> slowest_{0};

 private:
  void note(Duration::rep taken) {
    Duration::rep before = slowest_;
    while (taken > before && !slowest_.compare_exchange_weak(before, taken)) {
    }
  }
};

TEST_F(Soak, NothingIsLostUncountedAndMemoryStaysFlat) {
  ASSERT_OK(add());
  const std::size_t descriptors = open_descriptors();
  soak(8);
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
  // One more session may be in reserve.
  EXPECT_LE(open_descriptors(), descriptors + 2);
  show();
  EXPECT_EQ(stats().dead_lettered, 0u);
  EXPECT_GT(stats().written, 0u);
  // Several threads wait for their turn, while the machine starts servers.
  EXPECT_LE(in_milliseconds(Duration(slowest_)),
            2 * in_milliseconds(kDeadline + kGrace + kNoise));
}

// The disk of the queue is full now and then, too: then events are dropped, and
// counted.
TEST_F(Soak, OfAQueueOnDiskNothingIsLostUncountedOrTwice) {
  SmallDisk disk(32 << 20);
  SKIP_IF(disk.why_not());
  ASSERT_OK(system().load_text(
      "[stogger]\nlog_to_console = false\n[stogger.sinks.db]\ntype = "
      "\"postgres\"\ndelivery = \"durable\"\ndsn = \"" +
          server().dsn() + "\"\nspool_dir = \"" + disk.file("spool") +
          "\"\nblock_ms = 50\n",
      "test"));
  std::jthread filler([&disk](const std::stop_token& end) {
    std::mt19937 random(1);
    while (!end.stop_requested()) {
      disk.fill();
      std::this_thread::sleep_for(milliseconds(random() % 500));
      disk.make_room();
      std::this_thread::sleep_for(milliseconds(random() % 500));
    }
  });
  const std::size_t descriptors = open_descriptors();
  constexpr double kRing = 8;
  soak(kRing + 20);
  filler = {};
  const auto until = SteadyClock::now() + std::chrono::seconds(60);
  while (stats().pending != 0 && SteadyClock::now() < until) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  show();
  EXPECT_EQ(stats().in_doubt, 0u);
  EXPECT_EQ(stats().pending, 0u) << reports();
  expect_balanced();
  EXPECT_LE(open_descriptors(), descriptors + 3);
  EXPECT_LE(in_milliseconds(Duration(slowest_)),
            in_milliseconds(kGrace + kNoise));
}

}  // namespace
}  // namespace stogger
