// Reading words from text, wherever they begin.
#pragma once

#include <cstring>

namespace stogger {

template <class Word>
Word load_word(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

}  // namespace stogger
