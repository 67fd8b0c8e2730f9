// Memory that is reused, and given back when it has become too much.
#pragma once

#include <cstddef>
#include <vector>

namespace stogger {

// Leaves the vector as it is if its memory is at most `most` bytes; else
// empties it and gives the memory back.
template <class T>
void recycle_vector(std::vector<T>& vector, std::size_t most) noexcept {
  if (vector.capacity() * sizeof(T) > most) std::vector<T>().swap(vector);
}

}  // namespace stogger
