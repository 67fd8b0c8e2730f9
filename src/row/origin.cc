#include "row/origin.h"

namespace stogger {

std::string queue_text(const RowOrigin& origin) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < sizeof(origin.queue); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[origin.queue[i] >> 4];
    text += kDigits[origin.queue[i] & 15];
  }
  return text;
}

}  // namespace stogger
