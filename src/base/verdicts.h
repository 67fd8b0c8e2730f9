// Verdicts: keeps what a sink says of the rows of one call, until whoever made
// the call has counted and reported it. Allocates only if something is said,
// and never throws into the sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "stogger/sink.h"

namespace stogger {

class Verdicts final : public WriteReport {
 public:
  // Of tick(): the sink alone knows how many rows it holds back.
  static constexpr std::size_t kAnyRow = SIZE_MAX;

  // Before each call, and with the rows it hands over.
  void expect(std::size_t rows) noexcept { rows_ = rows; }

  void refuse(std::size_t row, std::string_view reason) noexcept override;
  void in_doubt(std::size_t row) noexcept override;
  void notice(std::string_view what) noexcept override;

  bool is_empty() const noexcept { return said_ == 0; }
  // Together they are never more than the rows that were handed over.
  std::size_t refused() const noexcept { return refused_; }
  std::size_t in_doubt() const noexcept { return in_doubt_; }
  bool has_failures() const noexcept { return refused_ + in_doubt_ != 0; }
  // Of the rows that are not stored: the reason, of several the last one and
  // how many there are.
  std::string failures() const;
  // All of them; empty if there are none.
  std::string notices() const;

  void clear() noexcept { *this = Verdicts(); }

 private:
  bool is_new(std::size_t row) noexcept;

  std::size_t said_ = 0;  // calls
  std::size_t rows_ = 0;
  std::size_t refused_ = 0;
  std::size_t in_doubt_ = 0;
  std::size_t left_out_ = 0;  // notices beyond what is kept
  std::string reason_;        // of the last row that was refused
  std::string notices_;
};

}  // namespace stogger
