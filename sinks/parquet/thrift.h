// Writes structures in the compact protocol of Thrift, of which the headers and
// the footer of a Parquet file are made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"

namespace stogger {

inline void append_varint(Buffer& out, std::uint64_t value) {
  constexpr std::size_t kLongest = 10;
  char* at = out.reserve(kLongest);
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  out.advance_to(at);
}

inline std::uint64_t zigzag(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) << 1 ^
         static_cast<std::uint64_t>(value >> 63);
}

// Fields are written in the order of their numbers. A structure is ended with
// end(), the outermost one too.
class ThriftWriter {
 public:
  enum class Type : unsigned char {
    i32 = 5,
    i64 = 6,
    text = 8,
    list = 9,
    structure = 12
  };

  explicit ThriftWriter(Buffer* out) noexcept : out_(*out) {}

  void integer32(int field, std::int32_t value) {
    header(field, static_cast<unsigned>(Type::i32));
    append_varint(out_, zigzag(value));
  }
  void integer64(int field, std::int64_t value) {
    header(field, static_cast<unsigned>(Type::i64));
    append_varint(out_, zigzag(value));
  }
  void integer64(int field, std::uint64_t value) {
    integer64(field, static_cast<std::int64_t>(value));
  }
  void integer8(int field, std::int8_t value) {
    constexpr unsigned kByte = 3;
    header(field, kByte);
    out_.push_back(static_cast<char>(value));
  }
  void boolean(int field, bool value) {
    constexpr unsigned kTrue = 1;
    constexpr unsigned kFalse = 2;
    header(field, value ? kTrue : kFalse);
  }
  void text(int field, std::string_view value) {
    header(field, static_cast<unsigned>(Type::text));
    item(value);
  }

  void begin(int field) {
    header(field, static_cast<unsigned>(Type::structure));
    begin();
  }
  void begin() { last_[++depth_] = 0; }
  void end() {
    out_.push_back(0);
    --depth_;
  }
  // A structure without fields.
  void empty(int field) {
    begin(field);
    end();
  }

  // What follows are `size` items of that type.
  void list(int field, Type type, std::size_t size) {
    constexpr std::size_t kShort = 15;
    header(field, static_cast<unsigned>(Type::list));
    const auto code = static_cast<unsigned>(type);
    if (size < kShort) {
      out_.push_back(static_cast<char>(size << 4 | code));
    } else {
      out_.push_back(static_cast<char>(kShort << 4 | code));
      append_varint(out_, size);
    }
  }
  void item(std::int32_t value) { append_varint(out_, zigzag(value)); }
  void item(std::string_view value) {
    append_varint(out_, value.size());
    out_.append(value);
  }

 private:
  void header(int field, unsigned type) {
    constexpr int kLargestStep = 15;
    const int step = field - last_[depth_];
    last_[depth_] = field;
    if (step <= kLargestStep) {
      out_.push_back(
          static_cast<char>(static_cast<unsigned>(step) << 4 | type));
    } else {
      out_.push_back(static_cast<char>(type));
      append_varint(out_, zigzag(field));
    }
  }

  Buffer& out_;
  std::array<int, 16> last_{};  // the last field written, by depth
  std::size_t depth_ = 0;
};

}  // namespace stogger
