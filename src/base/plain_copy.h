// Copying text that mostly needs no escapes, while finding out whether it does.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stogger {

// A set of characters that need more than copying: all below `lowest`, all
// that are not ASCII, and the ones listed. The letter a must not be among them.
template <char lowest, char... listed>
struct SpecialCharacters {
  static bool has(char c) noexcept {
    return static_cast<signed char>(c) < lowest || (... || (c == listed));
  }
#ifdef __SSE2__
  // A bit for each of the sixteen bytes. As signed numbers, those from 0x80 on
  // are less than `lowest` too.
  static int find(__m128i bytes) noexcept {
    __m128i found = _mm_cmplt_epi8(bytes, _mm_set1_epi8(lowest));
    (..., (found = _mm_or_si128(found,
                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8(listed)))));
    return _mm_movemask_epi8(found);
  }
#endif
};

namespace plain_copy_detail {

template <class Word>
Word load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

template <class Word>
void store(char* to, Word word) noexcept {
  std::memcpy(to, &word, sizeof word);
}

template <class Specials>
bool is_plain(std::uint64_t first, std::uint64_t second) noexcept {
#ifdef __SSE2__
  return Specials::find(_mm_set_epi64x(static_cast<long long>(second),
                                       static_cast<long long>(first))) == 0;
#else
  char bytes[16];
  store(bytes, first);
  store(bytes + 8, second);
  for (const char c : bytes) {
    if (Specials::has(c)) return false;
  }
  return true;
#endif
}

inline constexpr std::uint64_t kFiller = 0x6161616161616161u;

}  // namespace plain_copy_detail

// Copies the text to `out`, which has room for it, and tells whether none of
// its characters is special. If one is, what was written is of no use.
//
// It goes by sixteen bytes at a time; what is left at the end is covered by
// words that overlap those before, and by halves of a word in short texts.
template <class Specials>
bool copy_plain(char* out, std::string_view text) noexcept {
  using plain_copy_detail::is_plain;
  using plain_copy_detail::kFiller;
  using plain_copy_detail::load;
  using plain_copy_detail::store;
  const char* const in = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    std::size_t done = 0;
    for (; done + 16 < size; done += 16) {
      const auto first = load<std::uint64_t>(in + done);
      const auto second = load<std::uint64_t>(in + done + 8);
      store(out + done, first);
      store(out + done + 8, second);
      if (!is_plain<Specials>(first, second)) return false;
    }
    const std::size_t start = size > 16 ? size - 16 : 0;
    const auto first = load<std::uint64_t>(in + start);
    const auto last = load<std::uint64_t>(in + size - 8);
    store(out + start, first);
    store(out + size - 8, last);
    return is_plain<Specials>(first, last);
  }
  if (size >= 4) {
    const auto first = load<std::uint32_t>(in);
    const auto last = load<std::uint32_t>(in + size - 4);
    store(out, first);
    store(out + size - 4, last);
    return is_plain<Specials>(first | std::uint64_t{last} << 32, kFiller);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (Specials::has(in[i])) return false;
    out[i] = in[i];
  }
  return true;
}

}  // namespace stogger
