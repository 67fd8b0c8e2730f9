// A hash that nobody outside of the process can foresee, for tables whose keys
// come from others: keys chosen to collide cost no more than any others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stogger {

struct HashKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// SipHash-2-4 (Aumasson and Bernstein, 2012).
std::uint64_t keyed_hash(const HashKey& key, std::string_view text) noexcept;

// The key of this process: random, and the same in children after fork().
HashKey process_hash_key() noexcept;

// The hash that tables of this process go by.
inline std::size_t process_hash(std::string_view text) noexcept {
  return static_cast<std::size_t>(keyed_hash(process_hash_key(), text));
}

}  // namespace stogger
