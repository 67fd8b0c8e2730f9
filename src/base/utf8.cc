#include "base/utf8.h"

namespace stogger {
Utf8Step utf8_step(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {1, true, lead};

  std::size_t length = 0;
  std::uint32_t codepoint = 0;
  std::uint32_t second_least = 0x80;
  std::uint32_t second_most = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    codepoint = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    codepoint = lead & 0x0F;
    if (lead == 0xE0) second_least = 0xA0;
    if (lead == 0xED) second_most = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    codepoint = lead & 0x07;
    if (lead == 0xF0) second_least = 0x90;
    if (lead == 0xF4) second_most = 0x8F;
  } else {
    return {1, false, 0};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size()) return {i, false, 0};
    const std::uint32_t least = i == 1 ? second_least : 0x80;
    const std::uint32_t most = i == 1 ? second_most : 0xBF;
    if (byte(i) < least || byte(i) > most) return {i, false, 0};
    codepoint = codepoint << 6 | (byte(i) & 0x3F);
  }
  return {length, true, codepoint};
}

std::string_view utf8_prefix(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  std::size_t size = most;
  while (size > 0 && most - size < 4 &&
         (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  return text.substr(0, size);
}

std::string_view utf8_suffix(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  std::string_view suffix = text.substr(text.size() - most);
  for (int i = 0; i < 3 && !suffix.empty() &&
                  (static_cast<unsigned char>(suffix[0]) & 0xC0) == 0x80;
       ++i) {
    suffix.remove_prefix(1);
  }
  return suffix;
}

std::size_t utf8_length(std::string_view text) noexcept {
  std::size_t length = 0;
  while (!text.empty()) {
    text.remove_prefix(utf8_step(text).size);
    ++length;
  }
  return length;
}

bool utf8_detail::is_clean_from(std::string_view text,
                                std::size_t position) noexcept {
  text.remove_prefix(position);
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (!step.valid || step.codepoint == 0) return false;
    text.remove_prefix(step.size);
    text.remove_prefix(utf8_detail::plain_prefix(text));
  }
  return true;
}

void append_clean_text(Buffer& out, std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool good = step.valid && step.codepoint != 0;
    out.append(good ? text.substr(0, step.size) : kReplacement);
    text.remove_prefix(step.size);
  }
}

}  // namespace stogger
