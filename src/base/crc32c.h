// CRC-32C (Castagnoli), as in iSCSI (RFC 3720, appendix B.4) and ext4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace stogger {

// `before` is that of the bytes before these.
std::uint32_t crc32c(std::span<const std::byte> bytes,
                     std::uint32_t before = 0) noexcept;

}  // namespace stogger
