// CountedSink: calls to one sink, and what becomes of its rows. Whoever calls
// it takes care that calls do not overlap, and decides what follows from a
// failure: Outlet for events, Pipe for samples.
//
// Nothing is thrown, whatever the sink does. What it says of its rows stays in
// said() until it is cleared: refused rows have gone to the dead letters by
// then, and all are counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/hidden.h"
#include "deliver/counters.h"
#include "deliver/dead_letters.h"
#include "deliver/verdicts.h"
#include "os/diagnostics.h"
#include "stogger/sink.h"
#include "stogger/value.h"

namespace stogger {

class CountedSink {
 public:
  // The sink has to live as long as it is called, and may have been in use
  // before. What is `hidden`, which has to live as long, does not get into
  // what the sink says, nor into dead letters.
  CountedSink(Sink& sink, const std::vector<HiddenValue>& hidden,
              DeadLetterFile dead_letter);
  CountedSink(const CountedSink&) = delete;
  CountedSink& operator=(const CountedSink&) = delete;

  Sink& get() const noexcept { return sink_; }

  // As those of Sink. Of rows that write() hands over, the caller has counted
  // the acceptance.
  Status open() noexcept;
  Status write(const RowBatch& rows) noexcept;
  // The same, but rows are not lost if the target fails: *kept is how many of
  // those without a verdict, the last ones, are to be handed over again. Rows
  // with a verdict are marked in `judged`, which has a place for each.
  Status write_kept(const RowBatch& rows, std::vector<bool>& judged,
                    std::uint64_t* kept) noexcept;
  Status flush() noexcept;
  Status tick(Time now) noexcept;
  Status close() noexcept;
  // In a child after fork(): the counters begin at 0. `torn` says that another
  // thread may have been in the middle of a call.
  void abandon(bool torn) noexcept;

  Counters& counters() noexcept { return counters_; }
  const Counters& counters() const noexcept { return counters_; }
  Verdicts& said() noexcept { return said_; }

  // The number of rows that the sink held back when it was called last. 0 if it
  // keeps no tally.
  std::uint64_t buffered() const noexcept { return counters_.buffered(); }
  bool keeps_tally() const noexcept { return keeps_tally_; }

 private:
  // Nothing is thrown, and no report shows what is hidden.
  template <class Call>
  [[gnu::always_inline]] Status call(Call call) noexcept {
    const HidesInReports hides(hidden_);
    return guarded(call);
  }
  Tally tally() const noexcept {
    Tally tally;
    return sink_.tally(&tally) ? tally : Tally();
  }
  void settle(std::uint64_t rows, bool ok) noexcept;

  Sink& sink_;
  const std::vector<HiddenValue>& hidden_;
  const bool keeps_tally_;
  Counters counters_;
  DeadLetters letters_;
  Verdicts said_{letters_, hidden_};
};

[[gnu::always_inline]] inline Status CountedSink::write(
    const RowBatch& rows) noexcept {
  said_.expect(rows);
  Status status = call([&] { return sink_.write(rows, said_); });
  if (!status.ok() || !said_.is_empty()) [[unlikely]] {
    settle(rows.row_count, status.ok());
  } else if (!keeps_tally_) {
    counters_.settle(rows.row_count, true);
  } else if (const Tally now = tally();
             !counters_.settle_usual(rows.row_count, now)) {
    counters_.settle({}, now);
  }
  return status;
}

}  // namespace stogger
