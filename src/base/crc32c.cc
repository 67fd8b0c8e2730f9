#include "base/crc32c.h"

#include <cstring>

namespace stogger {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // reflected

// Eight bytes at a time: table n has the effect of a byte that n others follow.
struct Tables {
  std::uint32_t of[8][256];
};

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    }
    tables.of[0][byte] = crc;
  }
  for (std::size_t n = 1; n < 8; ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables.of[n - 1][byte];
      tables.of[n][byte] = (crc >> 8) ^ tables.of[0][crc & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes,
                     std::uint32_t before) noexcept {
  std::uint32_t crc = ~before;
  while (bytes.size() >= 8) {
    std::uint32_t low;
    std::uint32_t high;
    std::memcpy(&low, bytes.data(), 4);
    std::memcpy(&high, bytes.data() + 4, 4);
    low ^= crc;
    crc = kTables.of[7][low & 0xFF] ^ kTables.of[6][(low >> 8) & 0xFF] ^
          kTables.of[5][(low >> 16) & 0xFF] ^ kTables.of[4][low >> 24] ^
          kTables.of[3][high & 0xFF] ^ kTables.of[2][(high >> 8) & 0xFF] ^
          kTables.of[1][(high >> 16) & 0xFF] ^ kTables.of[0][high >> 24];
    bytes = bytes.subspan(8);
  }
  for (const std::byte byte : bytes) {
    crc = (crc >> 8) ^
          kTables.of[0][(crc ^ static_cast<std::uint32_t>(byte)) & 0xFF];
  }
  return ~crc;
}

}  // namespace stogger
