#include "os/diagnostics.h"

#include <atomic>
#include <cstddef>
#include <new>
#include <string>
#include <utility>

#include "base/quote.h"
#include "base/timestamp.h"
#include "os/file.h"
#include "os/program_name.h"
#include "stogger/clock.h"
#include "stogger/diagnostics.h"

namespace stogger {
namespace {

struct Receiver {
  DiagnosticFunction function;
  void* argument;
  const Receiver* previous;
};

// A pointer rather than a lock: a child after fork() must not find it locked.
// What it points to is never freed, for another thread may be about to use it;
// functions are set once or twice in the life of a process.
std::atomic<const Receiver*> receiver{nullptr};

// What servers say can be of any length.
constexpr std::size_t kLongestReport = 500;

constinit thread_local const std::vector<HiddenValue>* hidden = nullptr;
// This thread is inside the function: what that has reported would come back to
// it, without an end.
constinit thread_local bool is_reporting = false;

void call(const Receiver& current, const std::string& text) {
  is_reporting = true;
  try {
    current.function(text, current.argument);
  } catch (...) {
    // What it throws harms nobody.
  }
  is_reporting = false;
}

}  // namespace

const std::vector<HiddenValue>* HidesInReports::exchange(
    const std::vector<HiddenValue>* values) noexcept {
  return std::exchange(hidden, values);
}

std::string stderr_line(Time now, std::string_view program,
                        std::string_view text) {
  char time[20];
  write_timestamp_seconds(time, now);
  std::string line = "stogger: ";
  line.append(time, sizeof time).append(" ");
  return line.append(program).append(": ").append(text);
}

void report(std::string_view line) noexcept {
  try {
    const std::string shown =
        hidden == nullptr ? std::string(line) : hide_values(*hidden, line);
    const std::string text = shortened(printable(shown), kLongestReport);
    const Receiver* current = receiver.load(std::memory_order_acquire);
    if (current != nullptr && current->function != nullptr && !is_reporting) {
      call(*current, text);
      return;
    }
    File standard_error;
    standard_error.borrow(2);
    std::size_t written = 0;
    static_cast<void>(standard_error.write(
        stderr_line(Clock::real()->now(), program_name(), text) + "\n",
        &written));
  } catch (...) {
    // There is nowhere left to tell it to.
  }
}

void set_diagnostics(DiagnosticFunction function, void* argument) noexcept {
  const Receiver* previous = receiver.load(std::memory_order_acquire);
  receiver.store(new (std::nothrow) Receiver{function, argument, previous},
                 std::memory_order_release);
}

}  // namespace stogger
