#include "deliver/unhandled.h"

#include <atomic>
#include <cstdlib>
#include <exception>
#include <utility>

#include "os/abort_timer.h"
#include "stogger/log.h"

namespace stogger {
namespace {

constexpr std::chrono::milliseconds kLongest{10000};

constinit std::atomic<bool> is_installed{false};
constinit std::atomic<std::terminate_handler> handler_before{nullptr};
constinit std::atomic<std::chrono::milliseconds> longest_time{kLongest};

// Of this thread, for what is called here may end in std::terminate() as well:
// the exception that is asked for its message, a sink, the handler before. Of
// that, one more exception is logged.
constexpr int kMostEvents = 2;
constinit thread_local int events = 0;
constinit thread_local bool has_gone_on = false;

void log_and_flush() noexcept {
  const AbortTimer timer(longest_time);
  if (Logger().enabled(Level::critical)) {
    detail::log_exception(nullptr,
                          {Level::critical, "unhandled-exception", {}, {}, {}});
  }
  static_cast<void>(flush());
}

[[noreturn]] void handle_terminate() noexcept {
  if (!has_gone_on && events++ < kMostEvents) log_and_flush();
  const std::terminate_handler before = handler_before;
  if (before != nullptr && !std::exchange(has_gone_on, true)) before();
  std::abort();
}

}  // namespace

void log_unhandled_within(std::chrono::milliseconds longest) noexcept {
  longest_time = longest;
  if (is_installed.exchange(true)) return;
  // From the moment it is set it may be called, on another thread.
  handler_before = std::get_terminate();
  handler_before = std::set_terminate(&handle_terminate);
}

void log_unhandled() noexcept { log_unhandled_within(kLongest); }

}  // namespace stogger
