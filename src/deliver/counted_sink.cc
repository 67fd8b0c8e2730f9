#include "deliver/counted_sink.h"

#include <memory>
#include <utility>

namespace stogger {
namespace {

bool has_tally(const Sink& sink) noexcept {
  Tally tally;
  return sink.tally(&tally);
}

}  // namespace

CountedSink::CountedSink(Sink& sink, const std::vector<HiddenValue>& hidden,
                         DeadLetterFile dead_letter)
    : sink_(sink),
      hidden_(hidden),
      keeps_tally_(has_tally(sink)),
      letters_(std::move(dead_letter)) {
  counters_.start(tally());
}

// Counts what became of rows that were handed over, now or before.
void CountedSink::settle(std::uint64_t rows, bool ok) noexcept {
  const VerdictCounts said = said_.counts();
  if (keeps_tally_) {
    counters_.settle(said, tally());
  } else {
    counters_.settle(said);
    counters_.settle(rows - said.total(), ok);
  }
}

Status CountedSink::write_kept(const RowBatch& rows, std::vector<bool>& judged,
                               std::uint64_t* kept) noexcept {
  counters_.hand_over(rows.row_count);
  said_.expect(rows, &judged);
  Status status = call([&] { return sink_.write(rows, said_); });
  *kept = 0;
  if (status.ok()) {
    settle(rows.row_count, true);
    return status;
  }
  const VerdictCounts said = said_.counts();
  const std::uint64_t left = rows.row_count - said.total();
  if (keeps_tally_) {
    *kept = counters_.settle(said, tally(), left);
  } else {
    counters_.settle(said);
    counters_.keep(left);
    *kept = left;
  }
  return status;
}

Status CountedSink::open() noexcept {
  said_.expect_none();
  return call([&] { return sink_.open(); });
}

Status CountedSink::flush() noexcept {
  said_.expect_none();
  Status status = call([&] { return sink_.flush(); });
  settle(0, status.ok());
  return status;
}

Status CountedSink::tick(Time now) noexcept {
  said_.expect_held_back();
  Status status = call([&] { return sink_.tick(now, said_); });
  settle(0, status.ok());
  return status;
}

Status CountedSink::close() noexcept {
  said_.expect_none();
  Status status = call([&] { return sink_.close(); });
  settle(0, status.ok());
  return status;
}

void CountedSink::abandon(bool torn) noexcept {
  if (torn) std::construct_at(&said_, letters_, hidden_);
  sink_.abandon();
  counters_.start(tally());
}

}  // namespace stogger
