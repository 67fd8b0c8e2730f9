#include "base/uuid.h"

#include <cstddef>

namespace stogger {
namespace {

constexpr std::string_view kUuidDigits = "0123456789abcdef";

bool is_dash_before(std::size_t byte) noexcept {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

std::string uuid_text(std::span<const std::uint8_t, 16> uuid) {
  std::string text;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (is_dash_before(i)) text += '-';
    text += kUuidDigits[uuid[i] >> 4];
    text += kUuidDigits[uuid[i] & 15];
  }
  return text;
}

bool read_uuid(std::string_view text,
               std::span<std::uint8_t, 16> uuid) noexcept {
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (is_dash_before(i)) {
      if (!text.starts_with('-')) return false;
      text.remove_prefix(1);
    }
    if (text.size() < 2) return false;
    const std::size_t high = kUuidDigits.find(text[0]);
    const std::size_t low = kUuidDigits.find(text[1]);
    if (high == kUuidDigits.npos || low == kUuidDigits.npos) return false;
    uuid[i] = static_cast<std::uint8_t>(high << 4 | low);
    text.remove_prefix(2);
  }
  return text.empty();
}

}  // namespace stogger
