// Copying text that mostly needs no escapes, while finding out whether it does.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/load_word.h"

namespace stogger {

// A set of characters that need more than copying: all below `lowest`, DEL, all
// that are not ASCII, and the ones listed.
template <char lowest, char... listed>
struct SpecialCharacters {
  static bool has(char c) noexcept {
    return static_cast<signed char>(c) < lowest || c == 0x7F ||
           (... || (c == listed));
  }
#ifdef __SSE2__
  // A bit for each of the sixteen bytes that is not special. As signed numbers,
  // those from 0x80 on are less than `lowest`, too; and once 1 is added to all,
  // DEL is one of them.
  static unsigned find_plain(__m128i bytes) noexcept {
    __m128i found = _mm_setzero_si128();
    (..., (found = _mm_or_si128(found,
                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8(listed)))));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(
        found, _mm_cmpgt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(1)),
                              _mm_set1_epi8(lowest)))));
  }
#endif
};

namespace plain_copy_detail {

template <class Word>
void store(char* to, Word word) noexcept {
  std::memcpy(to, &word, sizeof word);
}

// A bit for each of sixteen bytes, or of eight and all others: set if it is not
// special.
inline constexpr unsigned kAllPlain = 0xFFFF;

template <class Specials>
unsigned find_plain(std::uint64_t first, std::uint64_t second) noexcept {
#ifdef __SSE2__
  return Specials::find_plain(_mm_set_epi64x(static_cast<long long>(second),
                                             static_cast<long long>(first)));
#else
  char bytes[16];
  store(bytes, first);
  store(bytes + 8, second);
  for (const char c : bytes) {
    if (Specials::has(c)) return 0;
  }
  return kAllPlain;
#endif
}

template <class Specials>
unsigned find_plain(std::uint64_t bytes) noexcept {
#ifdef __SSE2__
  constexpr unsigned kHighHalf = 0xFF00;
  return Specials::find_plain(
             _mm_cvtsi64_si128(static_cast<long long>(bytes))) |
         kHighHalf;
#else
  return find_plain<Specials>(bytes, bytes);
#endif
}

// Of more than sixteen characters.
template <class Specials>
[[gnu::noinline]] bool copy_long(char* out, const char* in,
                                 std::size_t size) noexcept {
  const auto copy_sixteen = [=](std::size_t at) {
    const auto first = load_word<std::uint64_t>(in + at);
    const auto second = load_word<std::uint64_t>(in + at + 8);
    store(out + at, first);
    store(out + at + 8, second);
    return find_plain<Specials>(first, second) == kAllPlain;
  };
  for (std::size_t done = 0; done + 16 < size; done += 16) {
    if (!copy_sixteen(done)) return false;
  }
  return copy_sixteen(size - 16);
}

// Copies a text as its first and its last word, which may overlap.
template <class Word>
struct Ends {
  Ends(char* out, const char* in, std::size_t size) noexcept
      : first(load_word<Word>(in)),
        last(load_word<Word>(in + size - sizeof(Word))) {
    store(out, static_cast<Word>(first));
    store(out + size - sizeof(Word), static_cast<Word>(last));
  }
  std::uint64_t first;
  std::uint64_t last;
};

}  // namespace plain_copy_detail

// Copies the text to `out`, which has room for it, and tells whether none of
// its characters is special. If one is, what was written is of no use.
//
// Reads and writes no byte beyond the text: what is no multiple of a word is
// covered by two words that overlap. Made for short texts, keys above all,
// which is why it is inlined.
template <class Specials>
[[gnu::always_inline]] inline bool copy_plain(char* out,
                                              std::string_view text) noexcept {
  namespace detail = plain_copy_detail;
  const char* const in = text.data();
  const std::size_t size = text.size();
  unsigned plain = detail::kAllPlain;
  if (size > 16) return detail::copy_long<Specials>(out, in, size);
  if (size >= 8) {
    const detail::Ends<std::uint64_t> ends(out, in, size);
    plain = detail::find_plain<Specials>(ends.first, ends.last);
  } else if (size >= 4) {
    const detail::Ends<std::uint32_t> ends(out, in, size);
    plain = detail::find_plain<Specials>(ends.first | ends.last << 32);
  } else if (size >= 2) {
    const detail::Ends<std::uint16_t> ends(out, in, size);
    const std::uint64_t both = ends.first | ends.last << 16;
    plain = detail::find_plain<Specials>(both | both << 32);
  } else if (size == 1) {
    *out = *in;
    if (Specials::has(*in)) plain = 0;
  }
  return plain == detail::kAllPlain;
}

}  // namespace stogger
