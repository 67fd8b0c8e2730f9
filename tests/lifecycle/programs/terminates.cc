// Ways to std::terminate(), and a crash.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "deliver/unhandled.h"
#include "stogger/log.h"
#include "stogger/sink.h"
#include "tests/lifecycle/programs/scenario.h"

namespace {

[[noreturn]] void fail() {
  try {
    throw std::system_error(EACCES, std::generic_category(), "cannot open");
  } catch (...) {
    std::throw_with_nested(std::runtime_error("cannot save"));
  }
}

int in_main(const Arguments&) {
  stogger::log_unhandled();
  const stogger::Scope scope("work", {{"order", 7}});
  fail();
}

int in_a_thread(const Arguments&) {
  stogger::log_unhandled();
  std::thread([] { fail(); }).join();
  return 4;
}

int in_many_threads(const Arguments&) {
  stogger::log_unhandled();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([] { fail(); });
  for (std::thread& thread : threads) thread.join();
  return 4;
}

int without_an_exception(const Arguments&) {
  stogger::log_unhandled();
  std::terminate();
}

int in_a_destructor(const Arguments&) {
  stogger::log_unhandled();
  // Goes when the library has shut down.
  static const struct Fails {
    ~Fails() { fail(); }
  } fails;
  return 0;
}

// The handler before, and calls that are one too many.
int with_a_handler(const Arguments&) {
  std::set_terminate([] {
    std::fputs("the handler before\n", stderr);
    std::_Exit(42);
  });
  stogger::log_unhandled();
  stogger::log_unhandled();
  fail();
}

int with_a_handler_that_fails(const Arguments&) {
  std::set_terminate([] { fail(); });
  stogger::log_unhandled();
  fail();
}

// A handler that was set later and calls the one it found.
std::terminate_handler found = nullptr;
int within_a_handler(const Arguments&) {
  stogger::log_unhandled();
  found = std::set_terminate([] { found(); });
  stogger::log_unhandled();
  fail();
}

struct HasNoMessage : std::exception {
  const char* what() const noexcept override { fail(); }
};
int without_a_message(const Arguments&) {
  stogger::log_unhandled();
  throw HasNoMessage();
}

struct FailsWhileWritten {};
void write_value(stogger::ValueWriter&, const FailsWhileWritten&) noexcept {
  fail();
}
int while_composing(const Arguments&) {
  stogger::log_unhandled();
  stogger::info("lost", {{"a", FailsWhileWritten()}});
  return 4;
}

// A sink with a lock of its own, which the program takes, too.
std::mutex lock_of_sink;
class LockedSink final : public stogger::Sink {
 public:
  stogger::Status write(const stogger::RowBatch&,
                        stogger::WriteReport&) noexcept override {
    const std::lock_guard lock(lock_of_sink);
    return {};
  }
};
class FailingSink final : public stogger::Sink {
 public:
  stogger::Status write(const stogger::RowBatch&,
                        stogger::WriteReport&) noexcept override {
    fail();
  }
};

template <class Sink>
bool add_sink() {
  const stogger::Status known = stogger::register_sink(
      "test", [](stogger::Options& options, stogger::SinkPtr* sink) {
        *sink = stogger::SinkPtr(new Sink);
        return options.finish();
      });
  return known.ok() && stogger::add_sink("test", "test").ok();
}

int in_a_sink(const Arguments&) {
  if (!add_sink<FailingSink>()) return 4;
  stogger::log_unhandled();
  stogger::info("before");
  return 5;
}

int with_the_lock_of_a_sink(const Arguments&) {
  if (!add_sink<LockedSink>()) return 4;
  stogger::log_unhandled_within(std::chrono::milliseconds(200));
  const std::lock_guard lock(lock_of_sink);
  std::terminate();
}

int crash_under_load(const Arguments& arguments) {
  Progress* progress = Progress::open(arguments.argument);
  if (progress == nullptr) return 4;
  for (int thread = 0; thread < 3; ++thread) {
    std::thread([progress, thread] {
      // A sanitizer lets threads run while it looks at the crash.
      for (int i = 0; i < 2000; ++i) {
        log_checked("thread" + std::to_string(thread) + "-" +
                    std::to_string(i));
        ++progress->returned[thread];
        if (thread == 0 && i == 1000) {
          // Volatile: the compiler is not to see what it is.
          int* volatile nowhere = nullptr;
          *nowhere = 1;
        }
      }
    }).detach();
  }
  for (;;) std::this_thread::yield();
}

constexpr Scenario kScenarios[] = {
    {"unhandled", &in_main},
    {"unhandled-in-thread", &in_a_thread},
    {"unhandled-in-threads", &in_many_threads},
    {"unhandled-nothing", &without_an_exception},
    {"unhandled-in-destructor", &in_a_destructor},
    {"unhandled-handler", &with_a_handler},
    {"unhandled-failing-handler", &with_a_handler_that_fails},
    {"unhandled-within-handler", &within_a_handler},
    {"unhandled-no-message", &without_a_message},
    {"unhandled-composing", &while_composing},
    {"unhandled-in-sink", &in_a_sink},
    {"unhandled-lock-of-sink", &with_the_lock_of_a_sink},
    {"crash", &crash_under_load},
};

}  // namespace

const Scenario* find_terminate(std::string_view name) {
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}
