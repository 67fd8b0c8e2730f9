#include "call_times.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace bench {
namespace {

#if defined(__x86_64__)
std::uint64_t ticks() noexcept { return __builtin_ia32_rdtsc(); }
#else
std::uint64_t ticks() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}
#endif

double ticks_per_us() {
  static const double rate = [] {
    timespec from;
    timespec to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    const std::uint64_t before = ticks();
    constexpr timespec kTime = {0, 50000000};
    nanosleep(&kTime, nullptr);
    const std::uint64_t after = ticks();
    clock_gettime(CLOCK_MONOTONIC, &to);
    const double us = static_cast<double>(to.tv_sec - from.tv_sec) * 1e6 +
                      static_cast<double>(to.tv_nsec - from.tv_nsec) / 1e3;
    return static_cast<double>(after - before) / us;
  }();
  return rate;
}

// Writes 3 GB to a file, again and again until it is ended.
pid_t start_writer(const std::string& path) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const std::vector<char> bytes(1 << 20, 'x');
  constexpr int kMegabytes = 3072;
  while (true) {
    const int file =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (int i = 0; i < kMegabytes; ++i) {
      if (::write(file, bytes.data(), bytes.size()) <= 0) ::_exit(1);
    }
    ::close(file);
  }
}

void call(const CallTimes& settings, Contender& contender,
          std::vector<std::uint32_t>& times) {
  const double gap = settings.between_us * ticks_per_us();
  auto next = static_cast<double>(ticks());
  for (std::uint32_t& time : times) {
    if (gap != 0) {
      next += gap;
      while (static_cast<double>(ticks()) < next) {
      }
    }
    const std::uint64_t before = ticks();
    contender.run(1);
    time = static_cast<std::uint32_t>(ticks() - before);
  }
}

}  // namespace

void print_call_times_head() {
  std::printf(
      "\n| one call | by | p50 | p90 | p99 | p99.9 | p99.99 | longest |\n"
      "|---|---|---|---|---|---|---|---|\n");
}

void print_call_times(const CallTimes& settings, Contender& contender,
                      const std::string& folder) {
  contender.open(folder + "/bench.log");
  contender.run(1000);
  contender.flush();
  const pid_t writer =
      settings.disk_is_busy ? start_writer(folder + "/writer") : -1;
  static_cast<void>(ticks_per_us());
  std::vector<std::vector<std::uint32_t>> times(
      settings.threads,
      std::vector<std::uint32_t>(settings.count / settings.threads, 1));
  std::atomic<std::size_t> ready{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < settings.threads; ++i) {
    threads.emplace_back([&, i] {
      ++ready;
      while (ready != settings.threads) {
      }
      call(settings, contender, times[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (writer > 0) {
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
  }
  contender.flush();
  contender.close();
  std::vector<std::uint32_t> all;
  for (const auto& one : times) all.insert(all.end(), one.begin(), one.end());
  std::sort(all.begin(), all.end());
  const auto ns = [&](double part) {
    const auto index = std::min(
        all.size() - 1,
        static_cast<std::size_t>(part * static_cast<double>(all.size())));
    return static_cast<double>(all[index]) / ticks_per_us() * 1000;
  };
  std::printf("| %s | %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.2f ms |\n",
              settings.what.c_str(), contender.name().c_str(), ns(0.5), ns(0.9),
              ns(0.99), ns(0.999), ns(0.9999), ns(1) / 1e6);
  std::fflush(stdout);
}

}  // namespace bench
