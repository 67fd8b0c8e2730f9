// The format of a segment: a file of records that a queue on disk has moved out
// of its ring. All numbers are little-endian.
//
//   segment = head *record
//   head    = "togseg01" queue first crc zero    ; 40 bytes
//   queue   = 16 bytes                           ; the UUID of the queue
//   first   = 8 bytes     ; the position after which its first record begins
//   crc     = 4 bytes     ; CRC-32C of all before it
//   zero    = 4 bytes     ; 0
//   record  = size crc position payload padding  ; a multiple of 8 bytes
//   size    = 4 bytes     ; of the payload
//   crc     = 4 bytes     ; CRC-32C of size, as 8 bytes, position and payload
//   position = 8 bytes    ; where the record ends in the queue
//   padding = *7 zero bytes
//
// Positions grow from record to record and from segment to segment. A segment
// whose writer was killed may end in the middle of a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/buffer.h"
#include "spool/queue_id.h"

namespace stogger {

// A record of a queue, and the position at which it ends there.
struct QueueRecord {
  std::span<const std::byte> bytes;
  std::uint64_t position = 0;
};

constexpr std::size_t kSegmentHeadSize = 40;
constexpr std::size_t kSegmentRecordHeadSize = 16;
// Of one payload: a quarter of the largest ring.
constexpr std::size_t kLargestPayload = std::size_t{256} << 20;

// Both may throw std::bad_alloc.
void append_segment_head(Buffer& out, const QueueId& queue,
                         std::uint64_t first);
void append_segment_record(Buffer& out, const QueueRecord& record);

// False if it is none, or damaged.
bool read_segment_head(std::span<const std::byte> bytes, QueueId* queue,
                       std::uint64_t* first) noexcept;

enum class SegmentPart : unsigned char {
  record,   // *size is how many bytes it takes
  more,     // *size is how many bytes have to be there to tell
  damaged,  // no record begins here
};
// What `bytes` begin with, behind a record that ends at the position `after`.
SegmentPart read_segment_record(std::span<const std::byte> bytes,
                                std::uint64_t after, QueueRecord* record,
                                std::size_t* size) noexcept;

// How many bytes are to be left out until a record begins again: all of them if
// there is no whole one. `bytes` is all that is left of the segment.
std::size_t find_segment_record(std::span<const std::byte> bytes,
                                std::uint64_t after) noexcept;

}  // namespace stogger
