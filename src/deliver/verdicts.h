// Verdicts: takes what a sink says of the rows of one call, until whoever made
// the call has counted and reported it. Refused rows go to the dead letters.
// Allocates only if something is said, and never throws into the sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hidden.h"
#include "deliver/counters.h"
#include "deliver/dead_letters.h"
#include "stogger/sink.h"

namespace stogger {

class Verdicts final : public WriteReport {
 public:
  // `letters` is where refused rows are kept, without what is `hidden`. Both
  // have to live as long.
  Verdicts(DeadLetters& letters,
           const std::vector<HiddenValue>& hidden) noexcept
      : letters_(letters), hidden_(hidden) {}

  // Before each call, and with the rows that it hands over. They have to live
  // until clear(), and so has `judged`, where rows that get a verdict are
  // marked: it has a place for each of them, or is null.
  void expect(const RowBatch& rows,
              std::vector<bool>* judged = nullptr) noexcept {
    rows_ = &rows;
    judged_ = judged;
  }
  // Before a tick(): the sink alone knows what it holds back.
  void expect_held_back() noexcept {
    rows_ = nullptr;
    judged_ = nullptr;
  }
  // Before any other call.
  void expect_none() noexcept { expect(kNoRows); }

  // Before a call that had to wait. Like a verdict, it lasts until clear().
  void begin_late(std::int64_t waited_ns) noexcept {
    ++said_;
    waited_ns_ = waited_ns;
  }

  void refuse(std::size_t row, std::string_view reason) noexcept override;
  void in_doubt(std::size_t row) noexcept override;
  void notice(std::string_view what) noexcept override;
  std::int64_t waited_ns() const noexcept override { return waited_ns_; }

  bool is_empty() const noexcept { return said_ == 0; }
  bool has_notices() const noexcept { return notices_.size() + left_out_ != 0; }
  bool has_failures() const noexcept { return refused_ + in_doubt_ != 0; }
  // Together they are never more than the rows that were handed over.
  std::size_t refused() const noexcept { return refused_; }
  VerdictCounts counts() const noexcept {
    return {refused_ - dead_lettered_, dead_lettered_, in_doubt_};
  }

  // Of the rows that are not stored: the reason, of several the last one and
  // how many there are.
  std::string failures() const;
  // For whoever ends with the first row that is not stored: why one is not,
  // `dropped` telling whether any was dropped. A sink that knows no row to
  // blame gives the reason as a notice.
  Status failure(bool dropped) const;
  // Where the refused rows are, or why they are not in the file that they
  // should be in; with "; " before it.
  std::string fate() const;
  // The beginning of the last refused row. Empty if it is kept, or not known.
  std::string lost_row() const;
  // All of them; empty if there are none.
  std::string notices() const;

  void clear() noexcept;

 private:
  bool is_new(std::size_t row) noexcept;

  static constexpr RowBatch kNoRows{};

  DeadLetters& letters_;
  const std::vector<HiddenValue>& hidden_;
  const RowBatch* rows_ = nullptr;
  std::vector<bool>* judged_ = nullptr;
  std::size_t said_ = 0;  // calls
  std::int64_t waited_ns_ = 0;
  std::size_t refused_ = 0;
  std::size_t dead_lettered_ = 0;  // of these
  std::size_t in_doubt_ = 0;
  std::size_t last_ = 0;      // the row that was refused last
  std::size_t left_out_ = 0;  // notices beyond what is kept
  std::string reason_;        // of the last row
  std::string why_lost_;      // the file could not be written
  std::string notices_;
};

}  // namespace stogger
