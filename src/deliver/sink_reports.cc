#include "deliver/sink_reports.h"

#include <fmt/format.h>

#include "os/diagnostics.h"

namespace stogger {

std::string SinkReports::count_of(std::uint64_t rows) const {
  return fmt::format("{} {}{}", rows, title_.unit, rows == 1 ? "" : "s");
}

std::string SinkReports::full_title() const {
  const std::string_view target = sink_.target();
  return fmt::format("sink '{}' ({}{}{})", title_.name, title_.type,
                     target.empty() ? "" : " ", target);
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
    std::string line = hide_values(title_.hidden, full_title() + ": " + text());
    if (left_out != 0) {
      line += " (" + std::to_string(left_out) + " reports left out)";
    }
    report(line);
  } catch (...) {
    // No memory for it.
  }
}

void SinkReports::failure(const Status& status, const char* action) noexcept {
  report_limited([&] {
    const std::string_view until =
        status.code() == Code::config
            ? "init() is called again or the program is started again"
            : "it works again, which is retried automatically";
    const std::string_view fate = is_queued_ ? "queued" : "dropped and counted";
    return fmt::format("{} failed: {}; {}s are {} until {}", action,
                       status.message(), title_.unit, fate, until);
  });
}

void SinkReports::failure_goes_on(const Status& status, const char* action,
                                  std::int64_t failing_for_ns,
                                  std::uint64_t lost) noexcept {
  report_limited([&] {
    std::string text = fmt::format("out of order for {:.1f} s; {} failed: {}",
                                   static_cast<double>(failing_for_ns) / 1e9,
                                   action, status.message());
    if (is_queued_) text += fmt::format("; {}s are queued", title_.unit);
    if (lost != 0 || !is_queued_) {
      text += fmt::format("; {} {} lost so far", count_of(lost),
                          lost == 1 ? "was" : "were");
    }
    return text;
  });
}

void SinkReports::failed_flush(const Status& status,
                               std::uint64_t kept) noexcept {
  report_limited([&] {
    std::string text = fmt::format("flush failed: {}", status.message());
    if (kept != 0) {
      text += fmt::format("; {} {} kept until written", count_of(kept),
                          kept == 1 ? "is" : "are");
    }
    return text;
  });
}

void SinkReports::failed_rows(const Verdicts& said,
                              std::uint64_t dropped) noexcept {
  report_limited([&] {
    std::string text =
        fmt::format("write failed: {}{}", said.failures(), said.fate());
    if (dropped == 1)
      text += fmt::format("; the {} is counted as dropped", title_.unit);
    if (dropped > 1) {
      text += fmt::format("; {} are counted as dropped", count_of(dropped));
    }
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
                           std::uint64_t lost) noexcept {
  report_limited([&] {
    return fmt::format("works again after {:.1f} s; {} {} lost",
                       static_cast<double>(failed_for_ns) / 1e9, count_of(lost),
                       lost == 1 ? "was" : "were");
  });
}

void SinkReports::left_behind(std::uint64_t rows) noexcept {
  report_limited([&] {
    return fmt::format("closed while out of order; {} could not be written",
                       count_of(rows));
  });
}

void SinkReports::end_of_outage(std::int64_t failed_for_ns,
                                std::uint64_t lost) noexcept {
  if (is_queued_ || lost == 0) return;
  report_now(
      [&] {
        return fmt::format("closed after {:.1f} s out of order; {} {} lost",
                           static_cast<double>(failed_for_ns) / 1e9,
                           count_of(lost), lost == 1 ? "was" : "were");
      },
      0);
}

void SinkReports::full_queue(std::uint64_t dropped) noexcept {
  report_limited([&] {
    return fmt::format(
        "its queue was full: {} {} dropped; set a larger queue_bytes, or log "
        "less to it",
        count_of(dropped), dropped == 1 ? "was" : "were");
  });
}

void SinkReports::no_queue(const Status& why) noexcept {
  report_limited([&] {
    return fmt::format(
        "cannot have a queue: {}; delivery is synchronous until init() is "
        "called again",
        why.message());
  });
}

void SinkReports::no_spool(const Status& why) noexcept {
  report_limited([&] {
    return fmt::format(
        "cannot have a queue on disk: {}; delivery is \"async\" until init() "
        "is called again",
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
        "sink '{}' ({}): calls of other threads kept it busy for {} ms; the "
        "event is counted as dropped; log less to it, or to a faster target",
        title_.name, title_.type, waited.count()));
  } catch (...) {
    // No memory for it.
  }
}

}  // namespace stogger
