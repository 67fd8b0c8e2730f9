// SinkReports: what is reported of one sink, in which words and how often.
// Nothing is thrown: without memory for the text, the counters are all there
// is.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hidden.h"
#include "base/rate_limit.h"
#include "deliver/sink_events.h"
#include "deliver/verdicts.h"
#include "stogger/clock.h"
#include "stogger/sink.h"

namespace stogger {

// Which sink it is. What is hidden does not get into reports and statuses.
struct SinkTitle {
  std::string name;
  std::string type;
  std::vector<HiddenValue> hidden{};
  std::string_view unit = "event";  // what its rows are
};

// Of a sink that fails.
struct FailureNumbers {
  std::int64_t failing_for_ns = 0;  // 0: since now
  std::uint64_t dropped = 0;        // rows, since it fails
  std::int64_t next_try_ns = 0;     // from now; 0: this was the last one
};

// A report says which sink, then the reason and the target, then numbers, then
// what happens next.
class SinkReports {
 public:
  // All have to live as long. `is_queued` says that rows wait while the sink
  // fails.
  SinkReports(const SinkTitle& title, const Sink& sink, Clock& clock,
              bool is_queued)
      : title_(title), sink_(sink), clock_(clock), is_queued_(is_queued) {}

  // From now on, the other sinks of the system hear of an outage, too. To be
  // called before the sink is in use.
  void announce_to(SinkEvents& events) noexcept { events_ = &events; }

  // The status as the caller of the library gets it: which sink, which action.
  Status explain(const Status& status, const char* action) const noexcept;

  // With the sink's lock held, and ten a minute at most.
  void failure(const Status& status, const char* action,
               const FailureNumbers& numbers) noexcept;
  // The other sinks hear of the failure: of the first one of an outage, and ten
  // times a minute at most.
  void announce_failure(const Status& status) noexcept;
  void failed_flush(const Status& status, std::uint64_t kept) noexcept;
  void failed_rows(const Verdicts& said, std::uint64_t dropped) noexcept;
  void notices(const Verdicts& said) noexcept;
  // The other sinks do, too, if they heard of the failure.
  void recovery(std::int64_t failed_for_ns, std::uint64_t dropped) noexcept;
  void left_behind(std::uint64_t rows) noexcept;
  // It was closed before it worked again. Whatever the limit, for nothing may
  // come after this. Of a queue, others say what is left.
  void end_of_outage(std::int64_t failed_for_ns,
                     std::uint64_t dropped) noexcept;
  void full_queue(std::uint64_t dropped) noexcept;
  void no_queue(const Status& why) noexcept;
  void no_spool(const Status& why) noexcept;
  void left_on_disk(std::uint64_t rows) noexcept;

  // From any thread, and without the lock.
  void long_wait(std::chrono::milliseconds waited) noexcept;

 private:
  std::string title() const;
  std::string full_title() const;
  std::string place(std::string_view text, std::string_view action) const;
  std::string fate(const FailureNumbers& numbers) const;
  std::string count_of(std::uint64_t rows) const;
  void announce_recovery(std::int64_t failed_for_ns,
                         std::uint64_t dropped) noexcept;
  template <class Text>
  void report_limited(Text text) noexcept;
  template <class Text>
  void report_now(Text text, std::uint64_t left_out) noexcept;

  const SinkTitle& title_;
  const Sink& sink_;
  Clock& clock_;
  const bool is_queued_;
  RateLimit limit_;
  SinkEvents* events_ = nullptr;
  RateLimit events_limit_;
  bool is_announced_ = false;  // the failure
  std::atomic<std::int64_t> next_wait_report_ns_{0};
};

}  // namespace stogger
