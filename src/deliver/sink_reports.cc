#include "deliver/sink_reports.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "base/quote.h"
#include "os/diagnostics.h"

namespace stogger {

namespace {

constexpr std::size_t kReason = 500;  // bytes of one in an event

// "1,204": with a comma before every three digits.
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3)
    digits.insert(i - 3, 1, ',');
  return digits;
}

double in_seconds(std::int64_t nanoseconds) noexcept {
  return static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace

std::string SinkReports::count_of(std::uint64_t rows) const {
  return fmt::format("{} {}{}", grouped(rows), title_.unit,
                     rows == 1 ? "" : "s");
}

std::string SinkReports::title() const {
  return fmt::format("sink '{}' ({})", title_.name, title_.type);
}

std::string SinkReports::full_title() const {
  const std::string_view target = sink_.target();
  return fmt::format("sink '{}' ({}{}{})", title_.name, title_.type,
                     target.empty() ? "" : " ", target);
}

// " (127.0.0.1:5432, at close)": the target, unless the text before names it.
std::string SinkReports::place(std::string_view text,
                               std::string_view action) const {
  const std::string_view target = sink_.target();
  std::string place;
  if (text.find(target) == text.npos) place = target;
  if (action != "open" && action != "write") {
    place += (place.empty() ? "at " : ", at ") + std::string(action);
  }
  return place.empty() ? place : " (" + place + ")";
}

std::string SinkReports::fate(const FailureNumbers& numbers) const {
  const bool is_last = numbers.next_try_ns == 0;
  std::string fate;
  if (is_queued_) fate = fmt::format("; {}s are queued", title_.unit);
  if (numbers.dropped != 0) {
    fate += fmt::format("; {} dropped so far", count_of(numbers.dropped));
  } else if (!is_queued_ && !is_last) {
    fate = fmt::format("; {}s are dropped", title_.unit);
  }
  return fate;
}

Status SinkReports::explain(const Status& status,
                            const char* action) const noexcept {
  try {
    return Status(status.code(),
                  hide_values(title_.hidden,
                              fmt::format("{}: {} failed: {}", full_title(),
                                          action, status.message())));
  } catch (...) {
    return Status(status.code(), "there was no memory for the reason");
  }
}

// `text` makes what follows the title.
template <class Text>
void SinkReports::report_limited(Text text) noexcept {
  std::uint64_t left_out = 0;
  if (limit_.pass(clock_.monotonic_ns(), &left_out)) report_now(text, left_out);
}

template <class Text>
void SinkReports::report_now(Text text, std::uint64_t left_out) noexcept {
  try {
    std::string line = hide_values(title_.hidden, title() + ": " + text());
    if (left_out != 0) {
      line += " (" + std::to_string(left_out) + " reports left out)";
    }
    report(line);
  } catch (...) {
    // No memory for it.
  }
}

void SinkReports::failure(const Status& status, const char* action,
                          const FailureNumbers& numbers) noexcept {
  report_limited([&] {
    std::string text(status.message());
    text += place(text, action);
    if (numbers.failing_for_ns != 0) {
      text += fmt::format("; failing for {:.1f} s",
                          in_seconds(numbers.failing_for_ns));
    }
    text += fate(numbers);
    if (numbers.next_try_ns == 0) return text;
    if (status.code() == Code::config) {
      return text +
             "; next try when init() is called or the program is started again";
    }
    return text +
           fmt::format("; next try in {:g} s", in_seconds(numbers.next_try_ns));
  });
}

void SinkReports::announce_failure(const Status& status) noexcept {
  std::uint64_t left_out = 0;
  is_announced_ = false;
  if (events_ == nullptr) return;
  if (!events_limit_.pass(clock_.monotonic_ns(), &left_out)) return;
  try {
    const std::string reason = hide_values(title_.hidden, status.message());
    is_announced_ =
        events_->post({clock_.now(), title_.name, title_.type, false,
                       shortened(printable(reason), kReason)},
                      is_queued_);
  } catch (...) {
    // No memory for it.
  }
}

void SinkReports::announce_recovery(std::int64_t failed_for_ns,
                                    std::uint64_t dropped) noexcept {
  if (!std::exchange(is_announced_, false)) return;
  try {
    events_->post({clock_.now(),
                   title_.name,
                   title_.type,
                   true,
                   {},
                   in_seconds(failed_for_ns),
                   dropped},
                  is_queued_);
  } catch (...) {
    // No memory for it.
  }
}

void SinkReports::failed_flush(const Status& status,
                               std::uint64_t kept) noexcept {
  report_limited([&] {
    std::string text(status.message());
    text += place(text, "flush");
    if (kept != 0) text += fmt::format("; {} kept", count_of(kept));
    return text + "; next try with the next flush or " +
           std::string(title_.unit);
  });
}

void SinkReports::failed_rows(const Verdicts& said,
                              std::uint64_t dropped) noexcept {
  report_limited([&] {
    std::string text = said.failures() + said.fate();
    if (dropped != 0) text += fmt::format("; {} dropped", count_of(dropped));
    if (const std::string row = said.lost_row(); !row.empty()) {
      text += ": " + row;
    }
    return text;
  });
}

void SinkReports::notices(const Verdicts& said) noexcept {
  report_limited([&] { return said.notices(); });
}

void SinkReports::recovery(std::int64_t failed_for_ns,
                           std::uint64_t dropped) noexcept {
  announce_recovery(failed_for_ns, dropped);
  report_limited([&] {
    return fmt::format("works again after {:.1f} s{}; {} dropped",
                       in_seconds(failed_for_ns), place({}, "open"),
                       count_of(dropped));
  });
}

void SinkReports::left_behind(std::uint64_t rows) noexcept {
  report_limited([&] {
    return fmt::format("closed while it failed{}; {} could not be written",
                       place({}, "open"), count_of(rows));
  });
}

void SinkReports::end_of_outage(std::int64_t failed_for_ns,
                                std::uint64_t dropped) noexcept {
  if (is_queued_ || dropped == 0) return;
  report_now(
      [&] {
        return fmt::format("closed after failing for {:.1f} s{}; {} dropped",
                           in_seconds(failed_for_ns), place({}, "open"),
                           count_of(dropped));
      },
      0);
}

void SinkReports::full_queue(std::uint64_t dropped) noexcept {
  report_limited([&] {
    return fmt::format(
        "its queue was full; {} dropped; set a larger queue_bytes, or log "
        "less to it",
        count_of(dropped));
  });
}

void SinkReports::no_queue(const Status& why) noexcept {
  report_limited([&] {
    return fmt::format(
        "{}; it has no queue: delivery is synchronous until init() is called "
        "again",
        why.message());
  });
}

void SinkReports::no_spool(const Status& why) noexcept {
  report_limited([&] {
    return fmt::format(
        "{}; it has no queue on disk: delivery is \"async\" until init() is "
        "called again",
        why.message());
  });
}

void SinkReports::left_on_disk(std::uint64_t rows) noexcept {
  report_limited([&] {
    return fmt::format("{} {} in its queue on disk until the next start",
                       count_of(rows), rows == 1 ? "stays" : "stay");
  });
}

// Names the sink alone: its target may be changing.
void SinkReports::long_wait(std::chrono::milliseconds waited) noexcept {
  constexpr std::int64_t kReportEvery = 10000000000;  // 10 s
  const std::int64_t now = clock_.monotonic_ns();
  std::int64_t next = next_wait_report_ns_.load(std::memory_order_relaxed);
  if (now < next || !next_wait_report_ns_.compare_exchange_strong(
                        next, now + kReportEvery, std::memory_order_relaxed)) {
    return;
  }
  try {
    report(fmt::format(
        "{}: calls of other threads kept it busy for {} ms; the {} is dropped; "
        "log less to it, or to a faster target",
        title(), waited.count(), title_.unit));
  } catch (...) {
    // No memory for it.
  }
}

}  // namespace stogger
