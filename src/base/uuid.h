// UUIDs as text: 36 characters, in lower case (RFC 9562).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stogger {

std::string uuid_text(std::span<const std::uint8_t, 16> uuid);
// False if that is none, as uuid_text() writes it.
bool read_uuid(std::string_view text,
               std::span<std::uint8_t, 16> uuid) noexcept;

}  // namespace stogger
