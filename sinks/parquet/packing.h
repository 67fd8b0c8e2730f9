// How Parquet packs integers into few bits: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"

namespace stogger {

// The bits it takes to write a number up to `largest`.
unsigned bit_width(std::uint64_t largest) noexcept;

// The encoding RLE: runs of equal values, and groups of eight packed ones. Each
// value takes at most `width` bits, which is 1 to 32.
void append_runs(Buffer& out, const std::uint32_t* values, std::size_t count,
                 unsigned width);

// The encoding DELTA_BINARY_PACKED: differences, in blocks of 128.
void append_deltas(Buffer& out, const std::uint64_t* values, std::size_t count);

// The encoding BYTE_STREAM_SPLIT: the first byte of each value, then the second
// one of each, and so on.
void append_split(Buffer& out, const std::uint64_t* values, std::size_t count);

// PLAIN booleans: a bit each.
void append_bits(Buffer& out, const std::uint64_t* values, std::size_t count);

}  // namespace stogger
