#include "sinks/parquet/packing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "sinks/parquet/thrift.h"

namespace stogger {
namespace {

// A run costs up to six bytes: shorter ones are packed.
constexpr std::size_t kShortestRun = 16;
constexpr std::size_t kGroup = 8;
constexpr std::size_t kMiniBlock = 32;
constexpr std::size_t kMiniBlocks = 4;
constexpr std::size_t kBlock = kMiniBlock * kMiniBlocks;

// Packs values one behind the other, the lowest bits first.
class BitPacker {
 public:
  BitPacker(Buffer& out, unsigned width, std::size_t count)
      : out_(out), at_(out.reserve(count * width / 8 + 16)), width_(width) {}
  void add(std::uint64_t value) noexcept {
    // Up to 7 bits wait, and up to 64 are added.
    waiting_ |= value << used_;
    const unsigned total = used_ + width_;
    if (total < 64) {
      used_ = total;
      return;
    }
    std::memcpy(at_, &waiting_, sizeof waiting_);
    at_ += sizeof waiting_;
    const unsigned taken = 64 - used_;
    waiting_ = taken == 64 ? 0 : value >> taken;
    used_ = total - 64;
  }
  void finish() noexcept {
    while (used_ > 0) {
      *at_++ = static_cast<char>(waiting_);
      waiting_ >>= 8;
      used_ -= std::min(used_, 8U);
    }
    out_.advance_to(at_);
  }

 private:
  Buffer& out_;
  char* at_;
  const unsigned width_;
  std::uint64_t waiting_ = 0;
  unsigned used_ = 0;  // bits of waiting_
};

std::size_t run_length(const std::uint32_t* values, std::size_t count,
                       std::size_t most) noexcept {
  std::size_t length = 1;
  const std::size_t end = std::min(count, most);
  while (length < end && values[length] == values[0]) ++length;
  return length;
}

void append_run(Buffer& out, std::uint32_t value, std::size_t count,
                unsigned width) {
  append_varint(out, std::uint64_t{count} << 1);
  for (unsigned bit = 0; bit < width; bit += 8) {
    out.push_back(static_cast<char>(value >> bit));
  }
}

void append_packed(Buffer& out, const std::uint32_t* values, std::size_t count,
                   unsigned width) {
  const std::size_t groups = (count + kGroup - 1) / kGroup;
  append_varint(out, std::uint64_t{groups} << 1 | 1);
  BitPacker packer(out, width, groups * kGroup);
  for (std::size_t i = 0; i < count; ++i) packer.add(values[i]);
  for (std::size_t i = count; i < groups * kGroup; ++i) packer.add(0);
  packer.finish();
}

}  // namespace

unsigned bit_width(std::uint64_t largest) noexcept {
  return static_cast<unsigned>(std::bit_width(largest));
}

void append_runs(Buffer& out, const std::uint32_t* values, std::size_t count,
                 unsigned width) {
  std::size_t at = 0;
  while (at < count) {
    const std::size_t start = at;
    while (at < count &&
           run_length(values + at, count - at, kShortestRun) < kShortestRun) {
      at = std::min(at + kGroup, count);
    }
    if (at > start) append_packed(out, values + start, at - start, width);
    if (at == count) return;
    const std::size_t run = run_length(values + at, count - at, count);
    append_run(out, values[at], run, width);
    at += run;
  }
}

void append_deltas(Buffer& out, const std::uint64_t* values,
                   std::size_t count) {
  append_varint(out, kBlock);
  append_varint(out, kMiniBlocks);
  append_varint(out, count);
  append_varint(out, zigzag(static_cast<std::int64_t>(count ? values[0] : 0)));
  std::array<std::uint64_t, kBlock> deltas;
  for (std::size_t at = 1; at < count; at += kBlock) {
    const std::size_t size = std::min(kBlock, count - at);
    auto least = INT64_MAX;
    for (std::size_t i = 0; i < size; ++i) {
      // Modulo 2^64, which the reader's sums are, too.
      deltas[i] = values[at + i] - values[at + i - 1];
      least = std::min(least, static_cast<std::int64_t>(deltas[i]));
    }
    append_varint(out, zigzag(least));
    std::array<unsigned, kMiniBlocks> widths{};
    for (std::size_t i = 0; i < size; ++i) {
      deltas[i] -= static_cast<std::uint64_t>(least);
      unsigned& width = widths[i / kMiniBlock];
      width = std::max(width, bit_width(deltas[i]));
    }
    std::fill(deltas.begin() + static_cast<std::ptrdiff_t>(size), deltas.end(),
              0);
    for (const unsigned width : widths) out.push_back(static_cast<char>(width));
    for (std::size_t i = 0; i * kMiniBlock < size; ++i) {
      if (widths[i] == 0) continue;
      BitPacker packer(out, widths[i], kMiniBlock);
      for (std::size_t j = 0; j < kMiniBlock; ++j) {
        packer.add(deltas[i * kMiniBlock + j]);
      }
      packer.finish();
    }
  }
}

void append_split(Buffer& out, const std::uint64_t* values, std::size_t count) {
  constexpr std::size_t kBytes = sizeof(std::uint64_t);
  char* const start = out.reserve(count * kBytes);
  for (std::size_t byte = 0; byte < kBytes; ++byte) {
    char* at = start + byte * count;
    for (std::size_t i = 0; i < count; ++i) {
      at[i] = static_cast<char>(values[i] >> (8 * byte));
    }
  }
  out.advance_to(start + count * kBytes);
}

void append_bits(Buffer& out, const std::uint64_t* values, std::size_t count) {
  BitPacker packer(out, 1, count);
  for (std::size_t i = 0; i < count; ++i) packer.add(values[i]);
  packer.finish();
}

}  // namespace stogger
