#include "base/unescape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace stogger {
namespace {

constexpr std::uint32_t kNoUnit = UINT32_MAX;

std::uint32_t hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A' + 10);
  return kNoUnit;
}

std::size_t backslashes(std::string_view text) noexcept {
  return std::min(text.find_first_not_of('\\'), text.size());
}

// Takes "u0041" from the text, if it begins so.
std::uint32_t take_unit(std::string_view* text) noexcept {
  constexpr std::size_t kSize = 5;
  if (text->size() < kSize || (*text)[0] != 'u') return kNoUnit;
  std::uint32_t unit = 0;
  for (const char c : text->substr(1, kSize - 1)) {
    const std::uint32_t digit = hex_digit(c);
    if (digit == kNoUnit) return kNoUnit;
    unit = unit << 4 | digit;
  }
  text->remove_prefix(kSize);
  return unit;
}

// The second half of a surrogate pair, if the text begins with one.
std::uint32_t take_low_surrogate(std::string_view* text) noexcept {
  std::string_view rest = text->substr(backslashes(*text));
  if (rest.size() == text->size()) return kNoUnit;
  const std::uint32_t unit = take_unit(&rest);
  if (unit < 0xDC00 || unit > 0xDFFF) return kNoUnit;
  *text = rest;
  return unit;
}

void append_utf8(Buffer& out, std::uint32_t c) {
  const auto add = [&](std::uint32_t byte) {
    out.push_back(static_cast<char>(byte));
  };
  if (c < 0x80) return add(c);
  if (c < 0x800) {
    add(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      add(0xE0 | c >> 12);
    } else {
      add(0xF0 | c >> 18);
      add(0x80 | (c >> 12 & 0x3F));
    }
    add(0x80 | (c >> 6 & 0x3F));
  }
  add(0x80 | (c & 0x3F));
}

char control_named(char c) noexcept {
  constexpr std::string_view kNames = "bfnrt";
  constexpr std::string_view kControls = "\b\f\n\r\t";
  const std::size_t at = kNames.find(c);
  return at == std::string_view::npos ? c : kControls[at];
}

// Takes what follows backslashes.
void append_escaped(Buffer& out, std::string_view* text) {
  std::uint32_t c = take_unit(text);
  if (c == kNoUnit) {
    out.push_back(control_named((*text)[0]));
    text->remove_prefix(1);
    return;
  }
  if (c >= 0xD800 && c <= 0xDBFF) {
    const std::uint32_t low = take_low_surrogate(text);
    if (low != kNoUnit) c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(out, c);
}

}  // namespace

bool append_unescaped(Buffer& out, std::string_view text) {
  std::size_t escape = text.find('\\');
  if (escape == std::string_view::npos) return false;
  for (; escape != std::string_view::npos; escape = text.find('\\')) {
    out.append(text.substr(0, escape));
    text.remove_prefix(escape);
    text.remove_prefix(backslashes(text));
    if (!text.empty()) append_escaped(out, &text);
  }
  out.append(text);
  return true;
}

}  // namespace stogger
