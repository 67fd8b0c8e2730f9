// The messages that run a prepared statement once, and the answer that nearly
// all of them get: the bytes that libpq would send and read. A single row that
// is written through libpq and its pump takes eight system calls, and without
// them four, of about 5 % of the time of a commit that does not wait for the
// disk. Whatever else a server answers is left to libpq.
//
// Format: https://www.postgresql.org/docs/current/protocol-message-formats.html
#pragma once

#include <string_view>

#include "base/buffer.h"

namespace stogger {

struct Parameters;

// Bind, Describe, Execute and Sync. False if it would be larger than `most`
// bytes.
bool append_execution(Buffer& out, std::string_view name,
                      const Parameters& parameters, std::size_t most);

// True if these bytes are all that the server says of an INSERT that is done,
// outside a transaction; *rows is what it says it has stored.
bool is_stored(std::string_view reply, long long* rows) noexcept;

}  // namespace stogger
