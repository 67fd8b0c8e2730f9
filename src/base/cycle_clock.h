// CycleClock: the time of day, read from the processor's counter of cycles.
//
// clock_gettime() takes 23 ns, most of it to wait until the processor has done
// all that comes before; the counter alone takes 10 ns (an EPYC of 2.6 GHz).
// So a thread asks the system once a millisecond, and in between adds what the
// counter has moved by.
//
// The result is within half a microsecond of the system's clock, and does not
// go back within a thread unless that clock is set. Each thread follows a clock
// that was set within a millisecond. A thread that slept, was stopped or was
// suspended with the machine asks the system first. If the counter has another
// speed then, as after a move to another machine, it is measured again.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace stogger {

// Where it gets its readings from, all of them noexcept:
//   cycles()     the counter
//   day_ns()     the time of day, in nanoseconds
//   steady_ns()  a clock that nobody sets
template <class Source>
class CycleClock {
 public:
  // What one thread knows. All 0: nothing yet.
  struct Window {
    std::uint64_t start_cycles = 0;
    std::int64_t start_ns = 0;
    std::uint64_t scale = 0;    // nanoseconds a cycle, times 2^32
    std::uint64_t length = 0;   // in cycles; 0: ask the system
    std::int64_t least_ns = 0;  // it was as late as this before
  };

  constexpr explicit CycleClock(Source source = {}) noexcept
      : source_(source) {}

  // Begins to measure the counter, which has to run at one speed and to be the
  // same on all processors. The system is asked each time without start(), and
  // for kMeasuring after it.
  void start() noexcept {
    begin_measuring();
    is_on_.store(true, std::memory_order_release);
  }

  [[gnu::always_inline]] std::int64_t now_ns(Window& window) noexcept {
    if (!is_on_.load(std::memory_order_relaxed)) return source_.day_ns();
    const std::uint64_t passed = source_.cycles() - window.start_cycles;
    if (passed < window.length) [[likely]] {
      return std::max(window.start_ns + scaled(passed, window.scale),
                      window.least_ns);
    }
    return ask(window);
  }

 private:
  static constexpr std::int64_t kWindow = 1000000;      // 1 ms, in ns
  static constexpr std::int64_t kMeasuring = 20000000;  // ns
  // How wrong a window may have been at its end. More means that the system's
  // clock was set, or that the counter has another speed.
  static constexpr std::int64_t kMostError = 2000;  // ns
  // A reading that took longer was interrupted, and nobody knows when.
  static constexpr std::int64_t kLongestReading = 500;  // ns

  // The counter and another clock, at the same moment but for `width` cycles.
  struct Reading {
    std::uint64_t cycles = 0;
    std::uint64_t width = 0;
    std::int64_t ns = 0;
  };
  template <class ReadClock>
  Reading read(ReadClock read_clock) noexcept {
    const std::uint64_t before = source_.cycles();
    const std::int64_t ns = read_clock();
    const std::uint64_t width = source_.cycles() - before;
    return {before + width / 2, width, ns};
  }

  static std::int64_t scaled(std::uint64_t cycles,
                             std::uint64_t scale) noexcept {
    return static_cast<std::int64_t>(cycles * scale >> 32);
  }

  [[gnu::noinline]] std::int64_t ask(Window& window) noexcept {
    const Reading reading = read([this] { return source_.day_ns(); });
    const std::uint64_t scale = find_scale();
    if (scale == 0 || scaled(reading.width, scale) > kLongestReading) {
      window.length = 0;
      return reading.ns;
    }
    // Long after the last window, its time says nothing.
    const std::uint64_t passed = reading.cycles - window.start_cycles;
    const bool was_in_use = passed / 2 < window.length;
    const std::int64_t guess = window.start_ns + scaled(passed, window.scale);
    const bool was_right =
        was_in_use && std::abs(guess - reading.ns) <= kMostError;
    if (was_in_use && !was_right) {
      begin_measuring();
      window.length = 0;
      return reading.ns;
    }
    // A signal may come between any two lines, and its handler may log.
    window.length = 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    window.start_cycles = reading.cycles;
    window.start_ns = reading.ns;
    window.scale = scale;
    window.least_ns = was_right ? guess : reading.ns;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    window.length = (static_cast<std::uint64_t>(kWindow) << 32) / scale;
    return std::max(reading.ns, window.least_ns);
  }

  void begin_measuring() noexcept {
    if (is_measured_.test_and_set(std::memory_order_acquire)) return;
    scale_.store(0, std::memory_order_relaxed);
    first_ = read([this] { return source_.steady_ns(); });
    is_measured_.clear(std::memory_order_release);
  }

  // 0 as long as it is not known.
  std::uint64_t find_scale() noexcept {
    const std::uint64_t scale = scale_.load(std::memory_order_relaxed);
    if (scale != 0) return scale;
    if (is_measured_.test_and_set(std::memory_order_acquire)) return 0;
    const Reading last = read([this] { return source_.steady_ns(); });
    if (last.ns - first_.ns >= kMeasuring) {
      scale_.store(measured_scale(last), std::memory_order_relaxed);
      if (scale_.load(std::memory_order_relaxed) == 0) first_ = last;
    }
    is_measured_.clear(std::memory_order_release);
    return scale_.load(std::memory_order_relaxed);
  }

  // 0 if one of the readings was interrupted.
  std::uint64_t measured_scale(const Reading& last) const noexcept {
    constexpr std::uint64_t kPrecision = 10000;
    const std::uint64_t passed = last.cycles - first_.cycles;
    if (passed / kPrecision <= first_.width + last.width) return 0;
    const double exact =
        static_cast<double>(last.ns - first_.ns) / static_cast<double>(passed);
    return static_cast<std::uint64_t>(exact * 4294967296.0);
  }

  [[no_unique_address]] Source source_;
  std::atomic<bool> is_on_{false};
  std::atomic<std::uint64_t> scale_{0};  // 0: not measured yet
  std::atomic_flag is_measured_{};       // now, by a thread: guards the next
  Reading first_;
};

}  // namespace stogger
