// QueueId: the name of a queue on disk, a UUID of version 7 (RFC 9562): those
// that were made later are greater.
#pragma once

#include <array>
#include <cstdint>

namespace stogger {

using QueueId = std::array<std::uint8_t, 16>;

QueueId make_queue_id() noexcept;

}  // namespace stogger
