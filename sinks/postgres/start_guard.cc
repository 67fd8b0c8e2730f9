#include "sinks/postgres/start_guard.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace stogger {
namespace {

constexpr std::size_t kMessageHeader = 5;
// What libpq takes as an authentication request at most.
constexpr std::size_t kMostOfRequest = 2000;
// PostgreSQL asks for 4,096 unless it is set otherwise.
constexpr std::uint64_t kMostRounds = 1'000'000;

std::uint32_t number_at(std::string_view text, std::size_t at) noexcept {
  std::uint32_t number = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(text[i]);
  }
  return number;
}

// r=...,s=...,i=4096. libpq takes the first number, signs, blanks and what
// follows it included: only digits up to the end are what they seem to be.
bool has_many_rounds(std::string_view challenge) noexcept {
  const std::size_t at = challenge.find(",i=");
  if (at == std::string_view::npos) return false;
  const std::string_view digits = challenge.substr(at + 3);
  std::uint64_t rounds = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, rounds);
  return error != std::errc() || end != last || rounds > kMostRounds;
}

}  // namespace

StartGuard::Verdict StartGuard::check(std::string_view bytes, bool negotiates,
                                      bool forbids_clear) {
  if (is_over_ || bytes.empty()) return Verdict::fine;
  if (negotiates && begun_.empty() && left_ == 0 && bytes[0] != 'E') {
    is_over_ = bytes[0] == 'S' || bytes[0] == 'G';
    // There is nothing to come before the client has spoken.
    return bytes.size() == 1 ? Verdict::fine : Verdict::unknown;
  }
  while (!bytes.empty()) {
    const std::size_t skipped = std::min(left_, bytes.size());
    left_ -= skipped;
    bytes.remove_prefix(skipped);
    while (begun_.size() < kMessageHeader && !bytes.empty()) {
      begun_ += bytes[0];
      bytes.remove_prefix(1);
    }
    if (begun_.size() < kMessageHeader) break;
    const std::size_t length = number_at(begun_, 1);
    if (length < 4) return Verdict::unknown;
    const std::size_t size = length + 1;
    if (begun_[0] == 'R') {
      if (size > kMostOfRequest) return Verdict::unknown;
      const std::size_t taken = std::min(size - begun_.size(), bytes.size());
      begun_ += bytes.substr(0, taken);
      bytes.remove_prefix(taken);
      if (begun_.size() < size) break;
    } else {
      left_ = size - kMessageHeader;
    }
    const Verdict verdict = judge(forbids_clear);
    is_over_ = begun_[0] == 'Z';
    if (verdict != Verdict::fine || is_over_) return verdict;
    begun_.clear();
  }
  return Verdict::fine;
}

StartGuard::Verdict StartGuard::judge(bool forbids_clear) const {
  constexpr std::string_view kTypes = "RSKZENv";
  constexpr std::size_t kKind = kMessageHeader + 4;
  constexpr std::uint32_t kClearPassword = 3;
  constexpr std::uint32_t kGoOn = 11;
  if (kTypes.find(begun_[0]) == std::string_view::npos) return Verdict::unknown;
  if (begun_[0] != 'R') return Verdict::fine;
  if (begun_.size() < kKind) return Verdict::unknown;
  const std::uint32_t kind = number_at(begun_, kMessageHeader);
  if (kind == kClearPassword && forbids_clear) {
    return Verdict::wants_clear_password;
  }
  if (kind == kGoOn &&
      has_many_rounds(std::string_view(begun_).substr(kKind))) {
    return Verdict::wants_many_rounds;
  }
  return Verdict::fine;
}

}  // namespace stogger
