// The characters that change what a reader sees or where a line ends, without
// being seen themselves. Reports, text lines and JSON lines all go by this one
// table.
#pragma once

#include <cstdint>

namespace stogger {

// True for
//   U+0000 to U+001F, U+007F to U+009F   controls: C0, DEL, C1
//   U+061C, U+200E, U+200F               directional marks
//   U+202A to U+202E, U+2066 to U+2069   directional embeddings and isolates
//   U+2028, U+2029                       line and paragraph separators
//   U+180E, U+200B to U+200D, U+2060 to U+2065, U+FEFF   without any width
//   U+206A to U+206F, U+FFF9 to U+FFFB   deprecated and interlinear formats
//   U+E0000 to U+E007F                   tags
// Variation selectors are not among them: emoji and CJK text need them.
constexpr bool is_harmful(std::uint32_t c) noexcept {
  if (c < 0x7F) return c < 0x20;
  if (c < 0xA0) return true;
  if (c < 0x2000) return c == 0x061C || c == 0x180E;
  if (c < 0x2070) {
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           c >= 0x2060;
  }
  return c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE007F);
}

}  // namespace stogger
