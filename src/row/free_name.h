// Names that are taken: "_" is appended until they are free.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stogger {

// How many underscores behind the name, one at least, make it none of the
// `count` names that name_at(i) gives. Takes time in proportion to these.
template <class NameAt>
std::size_t free_suffix(std::string_view name, std::size_t count,
                        NameAt name_at) {
  constexpr std::size_t kWindow = 64;
  for (std::size_t first = name.size() + 1;; first += kWindow) {
    std::uint64_t taken = 0;  // names of the sizes from `first` on, as bits
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view other = name_at(i);
      if (other.size() < first || other.size() - first >= kWindow ||
          !other.starts_with(name) ||
          other.find_first_not_of('_', name.size()) != other.npos) {
        continue;
      }
      taken |= std::uint64_t{1} << (other.size() - first);
    }
    if (~taken != 0) {
      return first - name.size() +
             static_cast<std::size_t>(std::countr_zero(~taken));
    }
  }
}

}  // namespace stogger
