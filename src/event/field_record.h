// What the records of a queue have in common, whatever they are of: how they
// begin, fields, and texts.
//
// All numbers are little-endian. A record is a head, which begins with a
// RecordStart, 16 bytes for each field (FieldRecordHead), all texts, those of
// fields last, and up to 7 bytes that do not count.
// There is no checksum: what a killed process has committed is whole, and where
// a disk may have lost a part, whoever stores records there adds one. A record
// that is damaged all the same reads as another one, or is refused; nothing is
// read outside of it. JSON is as clean as it was when it was written.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "stogger/value.h"

namespace stogger {

static_assert(std::endian::native == std::endian::little);

enum class RecordKind : std::uint8_t { event = 1, sample = 2 };

struct RecordStart {
  RecordKind kind;
  std::uint8_t details[3];
  std::uint32_t size;  // of all of it
  std::int64_t time_ns;
};
static_assert(sizeof(RecordStart) == 16);

// The start of one that has so many bytes at least; else of no kind that there
// is.
inline RecordStart record_start(std::span<const std::byte> record) noexcept {
  RecordStart start = {};
  if (record.size() >= sizeof start) {
    std::memcpy(&start, record.data(), sizeof start);
  }
  return start;
}

struct FieldRecordHead {
  std::uint32_t key;  // the size of its key
  std::uint8_t kind;
  std::uint8_t unused[3];
  // The bits of a number, or the size of a text.
  std::uint64_t value;
};
static_assert(sizeof(FieldRecordHead) == 16 &&
              offsetof(FieldRecordHead, kind) == 4 &&
              offsetof(FieldRecordHead, value) == 8);

inline bool has_record_text(Kind kind) noexcept {
  return kind == Kind::text || kind == Kind::json;
}

// Copies the first and the last bytes, which may overlap: this way the texts of
// a record, most of which are short, need no call: 70 ns a log call in place of
// 80.
template <std::size_t part>
[[gnu::always_inline]] inline void copy_ends(char* to, const char* from,
                                             std::size_t size) noexcept {
  char first[part];
  char last[part];
  std::memcpy(first, from, part);
  std::memcpy(last, from + size - part, part);
  std::memcpy(to, first, part);
  std::memcpy(to + size - part, last, part);
}

class RecordTexts {
 public:
  explicit RecordTexts(std::byte* at) noexcept
      : at_(reinterpret_cast<char*>(at)) {}

  [[gnu::always_inline]] std::uint32_t add(std::string_view text) noexcept {
    const std::size_t size = text.size();
    if (size >= 8 && size <= 16) {
      copy_ends<8>(at_, text.data(), size);
    } else if (size >= 4 && size < 8) {
      copy_ends<4>(at_, text.data(), size);
    } else if (size > 16 && size <= 32) {
      copy_ends<16>(at_, text.data(), size);
    } else if (size > 32) {
      std::memcpy(at_, text.data(), size);
    } else {
      for (std::size_t i = 0; i < size; ++i) at_[i] = text[i];
    }
    at_ += size;
    return static_cast<std::uint32_t>(size);
  }

 private:
  char* at_;
};

// What a field takes: its head and its texts. Custom values have been written
// out.
[[gnu::always_inline]] inline std::size_t field_record_size(
    const Field& field) noexcept {
  std::size_t size = sizeof(FieldRecordHead) + field.key.size();
  if (has_record_text(field.value.kind())) size += field.value.text().size();
  return size;
}

[[gnu::always_inline]] inline void write_field_record(
    const Field& field, FieldRecordHead* head, RecordTexts& texts) noexcept {
  const Value& value = field.value;
  const std::uint32_t key = texts.add(field.key);
  Kind kind = value.kind();
  std::uint64_t bits = 0;
  switch (kind) {
    case Kind::boolean:
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::time:
      bits = value.unsigned_integer();
      break;
    case Kind::real:
      bits = std::bit_cast<std::uint64_t>(value.real());
      break;
    case Kind::text:
    case Kind::json:
      bits = texts.add(value.text());
      break;
    case Kind::null:
    case Kind::custom:
      kind = Kind::null;
      break;
  }
  // In two words: a head that is put together on the stack is copied as a
  // whole, and a processor waits for the parts of it to be there, 5 ns a field.
  const std::uint64_t first =
      key | std::uint64_t{static_cast<std::uint8_t>(kind)} << 32;
  auto* const out = reinterpret_cast<std::byte*>(head);
  std::memcpy(out, &first, sizeof first);
  std::memcpy(out + sizeof first, &bits, sizeof bits);
}

// Takes texts one after the other. Says in the end whether there were enough
// bytes.
class RecordTextReader {
 public:
  explicit RecordTextReader(std::span<const std::byte> rest) noexcept
      : rest_(rest) {}

  [[gnu::always_inline]] std::string_view take(std::uint64_t size) noexcept {
    if (size > rest_.size()) [[unlikely]] {
      failed_ = true;
      size = 0;
    }
    const char* const text = reinterpret_cast<const char*>(rest_.data());
    rest_ = rest_.subspan(size);
    return {text, size};
  }
  bool is_used_up() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool failed_ = false;
};

// Reads that many fields, whose heads are at `heads`. False if one has a kind
// that there is not. May throw std::bad_alloc.
bool read_field_records(const std::byte* heads, std::size_t count,
                        RecordTextReader* texts, std::vector<Field>* fields);

}  // namespace stogger
