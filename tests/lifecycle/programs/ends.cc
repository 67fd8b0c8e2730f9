// Ways for a process to end, and who logs last.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "tests/lifecycle/programs/scenario.h"

namespace {

// Logs when it is destroyed, if it is told to.
struct LogsAtItsEnd {
  const char* name = nullptr;
  ~LogsAtItsEnd() {
    if (name != nullptr) log_checked(name);
  }
};

// Made before main(), and so before the library is used: it goes after the
// library has shut down.
LogsAtItsEnd goes_late;

thread_local LogsAtItsEnd goes_with_the_thread;

// Uses the library before main().
struct LogsAtItsBeginning {
  LogsAtItsBeginning() {
    if (std::getenv("LIFECYCLE_EARLY") != nullptr) {
      stogger::warning("before-main", {{"a", 1}});
    }
  }
} const logs_early;

int return_from_main(const Arguments&) {
  log_many("event", 100);
  return 0;
}

int call_exit(const Arguments&) {
  log_many("event", 100);
  std::exit(0);
}

int exit_in_a_thread(const Arguments&) {
  log_many("event", 100);
  std::thread([] { std::exit(0); }).join();
  return 1;
}

int exit_handlers(const Arguments&) {
  std::atexit([] { log_checked("handler-made-late"); });
  log_many("event", 100);
  return 0;
}

int static_objects(const Arguments&) {
  goes_late.name = "goes-late";
  log_many("event", 100);
  // Made after the library is in use: it goes before the library shuts down.
  static LogsAtItsEnd goes_early;
  goes_early.name = "goes-early";
  return 0;
}

int thread_locals(const Arguments&) {
  goes_with_the_thread.name = "goes-with-main";
  std::thread([] {
    log_checked("in-thread");
    goes_with_the_thread.name = "goes-with-thread";
  }).join();
  std::thread([] { goes_with_the_thread.name = "goes-with-other"; }).join();
  return 0;
}

int end_of_last_thread(const Arguments&) {
  std::thread([] {
    ::usleep(20000);  // main() is gone by then, mostly
    log_many("event", 100);
  }).detach();
  ::pthread_exit(nullptr);
}

// Threads that go on logging while the process ends, and tell how far they got.
int detached_threads(const Arguments& arguments) {
  Progress* progress = Progress::open(arguments.argument);
  if (progress == nullptr) return 4;
  for (int thread = 0; thread < 3; ++thread) {
    std::thread([progress, thread] {
      for (int i = 0;; ++i) {
        log_checked("thread" + std::to_string(thread) + "-" +
                    std::to_string(i));
        ++progress->returned[thread];
      }
    }).detach();
  }
  // Static objects log for a while, so that the threads run on after the
  // library has shut down.
  static struct LogsForLong {
    const Progress* progress = nullptr;
    ~LogsForLong() {
      const std::uint64_t enough = progress->returned[0] + 50;
      for (int i = 0; i < 100000 && progress->returned[0] < enough; ++i) {
        ::usleep(100);
      }
    }
  } logs_for_long;
  logs_for_long.progress = progress;
  while (progress->returned[0] < 50) ::usleep(100);
  return 0;
}

int end_without_exit(const Arguments&) {
  log_many("event", 1000);
  ::_exit(0);
}

int abort_process(const Arguments&) {
  log_many("event", 1000);
  std::abort();
}

int throw_out_of_main(const Arguments&) {
  log_many("event", 1000);
  throw std::runtime_error("thrown");
}

int log_after_shutdown(const Arguments&) {
  log_many("early", 10);
  if (!stogger::shutdown().ok()) return 4;
  log_many("late", 10);
  return 0;
}

int flush_then_end(const Arguments&) {
  log_many("event", 100);
  if (!stogger::flush().ok()) return 4;
  ::_exit(0);
}

int without_init(const Arguments&) {
  stogger::debug("too-low", {{"a", 1}});
  stogger::info("just-right", {{"a", 1}});
  return 0;
}

int stats_balance(const Arguments&) {
  log_many("event", 100);
  for (const stogger::SinkStats& stats : stogger::stats()) {
    if (stats.accepted != 100 || stats.written + stats.pending != 100) return 4;
  }
  if (!stogger::shutdown().ok()) return 5;
  for (const stogger::SinkStats& stats : stogger::stats()) {
    if (stats.written != 100 || stats.pending != 0) return 6;
  }
  return 0;
}

constexpr Scenario kScenarios[] = {
    {"return", &return_from_main},
    {"exit", &call_exit},
    {"exit-in-thread", &exit_in_a_thread},
    {"exit-handlers", &exit_handlers},
    {"static-objects", &static_objects},
    {"thread-locals", &thread_locals},
    {"end-of-last-thread", &end_of_last_thread},
    {"detached-threads", &detached_threads},
    {"_exit", &end_without_exit},
    {"abort", &abort_process},
    {"throw", &throw_out_of_main},
    {"after-shutdown", &log_after_shutdown},
    {"flush", &flush_then_end},
    {"without-init", &without_init},
    {"stats", &stats_balance},
};

}  // namespace

const Scenario* find_end(std::string_view name) {
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}
