// What the library says about itself. It never goes through the library.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/hidden.h"
#include "stogger/value.h"

namespace stogger {

// One line to stderr or to the function set by set_diagnostics(). Waits at most
// 250 ms, once, for a stderr that nobody reads; never throws; callable from any
// thread.
void report(std::string_view line) noexcept;

// The line as it goes to stderr, without its end: when and in which program.
// "stogger: 2026-11-21T04:25:39Z shop: " and the text.
std::string stderr_line(Time now, std::string_view program,
                        std::string_view text);

// While one lives, reports that are made on its thread do not show these
// values: those of the sink that is being called. Mostly there are none, and
// then it costs a comparison.
class HidesInReports {
 public:
  explicit HidesInReports(const std::vector<HiddenValue>& values) noexcept
      : is_needed_(!values.empty()) {
    if (is_needed_) before_ = exchange(&values);
  }
  ~HidesInReports() {
    if (is_needed_) exchange(before_);
  }
  HidesInReports(const HidesInReports&) = delete;
  HidesInReports& operator=(const HidesInReports&) = delete;

 private:
  static const std::vector<HiddenValue>* exchange(
      const std::vector<HiddenValue>* values) noexcept;

  const bool is_needed_;
  const std::vector<HiddenValue>* before_ = nullptr;
};

}  // namespace stogger
