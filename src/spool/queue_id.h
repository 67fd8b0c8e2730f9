// QueueId: the name of a queue on disk, a UUID of version 7 (RFC 9562): those
// that were made later are greater.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace stogger {

using QueueId = std::array<std::uint8_t, 16>;

QueueId make_queue_id() noexcept;

// 36 characters, in lower case.
std::string to_text(const QueueId& id);
// False if that is none, as to_text() writes it.
bool read_queue_id(std::string_view text, QueueId* id) noexcept;

}  // namespace stogger
