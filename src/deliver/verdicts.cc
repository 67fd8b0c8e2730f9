#include "deliver/verdicts.h"

namespace stogger {
namespace {

// What is reported has less room.
constexpr std::size_t kMostNotices = 4096;

std::string counted(std::size_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " " + std::string(noun);
  if (count != 1) text += 's';
  return text;
}

}  // namespace

// False for a row that was not handed over, or that can only have got a verdict
// before.
bool Verdicts::is_new(std::size_t row) noexcept {
  ++said_;
  const std::size_t rows = rows_ == nullptr ? SIZE_MAX : rows_->row_count;
  const bool has_one = row < rows && judged_ != nullptr && (*judged_)[row];
  if (row < rows && refused_ + in_doubt_ < rows && !has_one) {
    if (judged_ != nullptr) (*judged_)[row] = true;
    return true;
  }
  notice("the sink speaks of a row that it was not given");
  return false;
}

void Verdicts::refuse(std::size_t row, std::string_view reason) noexcept {
  if (!is_new(row)) return;
  ++refused_;
  last_ = row;
  try {
    reason_ = reason;
    // A row that was held back is nowhere by now.
    if (rows_ == nullptr || !letters_.has_file()) return;
    const Status kept = letters_.add(*rows_, row, hide_values(hidden_, reason));
    if (kept.ok()) {
      ++dead_lettered_;
    } else {
      why_lost_ = kept.message();
    }
  } catch (...) {
    reason_.clear();
  }
}

// Rows of a queue on disk are handed over again instead: see RowOrigin.
void Verdicts::in_doubt(std::size_t row) noexcept {
  if (rows_ != nullptr && rows_->origin != nullptr) return;
  if (is_new(row)) ++in_doubt_;
}

void Verdicts::notice(std::string_view what) noexcept {
  ++said_;
  if (what.empty()) return;
  if (notices_.size() >= kMostNotices) {
    ++left_out_;
    return;
  }
  const std::size_t before = notices_.size();
  try {
    if (before != 0) notices_ += "; ";
    notices_ += what;
  } catch (...) {
    notices_.resize(before);
    ++left_out_;
  }
}

std::string Verdicts::fate() const {
  if (dead_lettered_ == 1) return "; the row is kept in " + letters_.path();
  if (dead_lettered_ > 1) {
    return "; " + counted(dead_lettered_, "row") + " are kept in " +
           letters_.path();
  }
  if (why_lost_.empty()) return {};
  return "; dead_letter " + letters_.path() + ": " + why_lost_;
}

std::string Verdicts::lost_row() const {
  if (refused_ == dead_lettered_ || rows_ == nullptr) return {};
  return describe_row(*rows_, last_);
}

std::string Verdicts::failures() const {
  std::string text;
  if (refused_ != 0) {
    text = reason_.empty() ? "no reason is given" : reason_;
    if (refused_ > 1) {
      text += " (the last of " + counted(refused_, "row") + " refused)";
    }
  }
  if (in_doubt_ != 0) {
    if (!text.empty()) text += "; ";
    text += "no answer came for " + counted(in_doubt_, "row") +
            ", which may be stored or not";
  }
  return text;
}

Status Verdicts::failure(bool dropped) const {
  if (has_failures()) {
    return Status(refused_ != 0 ? Code::rejected : Code::unavailable,
                  failures());
  }
  if (!dropped) return {};
  return Status(Code::rejected, has_notices()
                                    ? notices()
                                    : std::string("it did not store all rows"));
}

std::string Verdicts::notices() const {
  if (left_out_ == 0) return notices_;
  return notices_ + " (" + counted(left_out_, "notice") + " left out)";
}

void Verdicts::clear() noexcept {
  rows_ = nullptr;
  judged_ = nullptr;
  waited_ns_ = 0;
  said_ = refused_ = dead_lettered_ = in_doubt_ = left_out_ = 0;
  reason_.clear();
  why_lost_.clear();
  notices_.clear();
}

}  // namespace stogger
