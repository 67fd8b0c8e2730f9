// Complaint: something that does not work although all rows are stored, such
// as rotation. It is reported once, as a notice of Sink::write(), and so is
// that it works again.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/quote.h"
#include "os/diagnostics.h"
#include "stogger/status.h"

namespace stogger {

class Complaint {
 public:
  void raise(std::string_view what, const Status& why) {
    if (std::exchange(raised_, true)) return;
    text_ = std::string(what) + ": " + std::string(why.message());
  }
  void settle(std::string_view path, std::string_view what) {
    if (!std::exchange(raised_, false)) return;
    if (text_.empty()) report(quoted(path) + " " + std::string(what));
    text_.clear();
  }

  bool is_due() const noexcept { return !text_.empty(); }
  // For WriteReport::notice().
  std::string take() { return std::exchange(text_, {}); }

 private:
  bool raised_ = false;
  std::string text_;
};

inline constexpr std::string_view kMovedAway =
    "the file was moved away; events still go to it, as the path cannot be "
    "opened again";

}  // namespace stogger
