#include "spool/segment.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "base/crc32c.h"

namespace stogger {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::string_view kSegmentMagic = "togseg01";
constexpr std::size_t kCheckedHead = 32;  // what the checksum of a head is of

// How far a search for the next record looks into what may be records, as a
// multiple of what it searches.
constexpr std::size_t kSearchEffort = 16;

template <class Number>
void append_number(Buffer& out, Number number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append({bytes, sizeof bytes});
}

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

constexpr std::size_t padded(std::size_t size) noexcept {
  return (size + 7) & ~std::size_t{7};
}

std::uint32_t record_checksum(std::uint32_t size, std::uint64_t position,
                              std::span<const std::byte> payload) noexcept {
  const std::uint64_t head[] = {size, position};
  return crc32c(payload, crc32c(std::as_bytes(std::span(head))));
}

}  // namespace

void append_segment_head(Buffer& out, const QueueId& queue,
                         std::uint64_t first) {
  const std::size_t start = out.size();
  out.append(kSegmentMagic);
  out.append({reinterpret_cast<const char*>(queue.data()), queue.size()});
  append_number(out, first);
  const std::span<const char> head(out.data() + start, kCheckedHead);
  append_number(out, crc32c(std::as_bytes(head)));
  append_number(out, std::uint32_t{0});
}

bool read_segment_head(std::span<const std::byte> bytes, QueueId* queue,
                       std::uint64_t* first) noexcept {
  if (bytes.size() < kSegmentHeadSize ||
      std::memcmp(bytes.data(), kSegmentMagic.data(), kSegmentMagic.size()) !=
          0 ||
      number_at<std::uint32_t>(bytes, kCheckedHead) !=
          crc32c(bytes.first(kCheckedHead))) {
    return false;
  }
  std::memcpy(queue->data(), bytes.data() + kSegmentMagic.size(),
              queue->size());
  *first =
      number_at<std::uint64_t>(bytes, kSegmentMagic.size() + queue->size());
  return true;
}

void append_segment_record(Buffer& out, const QueueRecord& record) {
  const auto size = static_cast<std::uint32_t>(record.bytes.size());
  // All of it, or nothing, if there is no memory.
  static_cast<void>(out.reserve(kSegmentRecordHeadSize + padded(size)));
  append_number(out, size);
  append_number(out, record_checksum(size, record.position, record.bytes));
  append_number(out, record.position);
  out.append({reinterpret_cast<const char*>(record.bytes.data()), size});
  constexpr std::string_view kZeros("\0\0\0\0\0\0\0", 7);
  out.append(kZeros.substr(0, padded(size) - size));
}

SegmentPart read_segment_record(std::span<const std::byte> bytes,
                                std::uint64_t after, QueueRecord* record,
                                std::size_t* size) noexcept {
  *size = kSegmentRecordHeadSize;
  if (bytes.size() < *size) return SegmentPart::more;
  const auto payload = number_at<std::uint32_t>(bytes, 0);
  const auto position = number_at<std::uint64_t>(bytes, 8);
  if (payload > kLargestPayload || position <= after) {
    return SegmentPart::damaged;
  }
  *size += padded(payload);
  if (bytes.size() < *size) return SegmentPart::more;
  record->bytes = bytes.subspan(kSegmentRecordHeadSize, payload);
  record->position = position;
  return number_at<std::uint32_t>(bytes, 4) ==
                 record_checksum(payload, position, record->bytes)
             ? SegmentPart::record
             : SegmentPart::damaged;
}

std::size_t find_segment_record(std::span<const std::byte> bytes,
                                std::uint64_t after) noexcept {
  std::size_t effort = bytes.size() * kSearchEffort;
  for (std::size_t at = 8; at + kSegmentRecordHeadSize <= bytes.size();
       at += 8) {
    const std::span<const std::byte> rest = bytes.subspan(at);
    QueueRecord record;
    std::size_t size = 0;
    const SegmentPart part = read_segment_record(rest, after, &record, &size);
    if (part == SegmentPart::record) return at;
    if (part == SegmentPart::more || size == kSegmentRecordHeadSize) continue;
    if (size > effort) break;
    effort -= size;
  }
  return bytes.size();
}

}  // namespace stogger
