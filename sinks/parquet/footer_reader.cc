#include "sinks/parquet/footer_reader.h"

#include <cstddef>
#include <cstdint>

namespace stogger {
namespace {

// Types of the compact protocol.
constexpr unsigned kStop = 0;
constexpr unsigned kTrue = 1;
constexpr unsigned kFalse = 2;
constexpr unsigned kByte = 3;
constexpr unsigned kInteger16 = 4;
constexpr unsigned kInteger32 = 5;
constexpr unsigned kInteger64 = 6;
constexpr unsigned kDouble = 7;
constexpr unsigned kText = 8;
constexpr unsigned kList = 9;
constexpr unsigned kSet = 10;
constexpr unsigned kStructure = 12;

constexpr int kDeepest = 16;

// After damage it is at its end, where every structure stops.
class ThriftReader {
 public:
  explicit ThriftReader(std::string_view bytes) noexcept : bytes_(bytes) {}

  bool is_at_end() const noexcept { return bytes_.empty(); }

  // The type of the next field, and its number, which was that of the last one.
  unsigned field(std::int64_t* number) noexcept {
    const unsigned head = byte();
    const unsigned type = head & 0xF;
    if (type == kStop) return kStop;
    if (head >> 4 != 0) {
      *number += head >> 4;
    } else {
      const std::uint64_t coded = varint();
      *number = static_cast<std::int64_t>(coded >> 1 ^ (0 - (coded & 1)));
    }
    return type;
  }
  std::string_view text() noexcept { return take(varint()); }
  // How many items a list has, and their type.
  std::uint64_t list(unsigned* type) noexcept {
    const unsigned head = byte();
    *type = head & 0xF;
    return head >> 4 == 0xF ? varint() : head >> 4;
  }

  void skip(unsigned type, int depth = 0) noexcept {
    switch (type) {
      case kTrue:
      case kFalse:
        return;
      case kByte:
        return static_cast<void>(byte());
      case kInteger16:
      case kInteger32:
      case kInteger64:
        return static_cast<void>(varint());
      case kDouble:
        return static_cast<void>(take(8));
      case kText:
        return static_cast<void>(text());
      case kList:
      case kSet:
        if (depth < kDeepest) return skip_list(depth + 1);
        break;
      case kStructure:
        if (depth < kDeepest) return skip_structure(depth + 1);
        break;
      default:
        break;
    }
    bytes_ = {};
  }

 private:
  unsigned byte() noexcept {
    const std::string_view one = take(1);
    return one.empty() ? 0 : static_cast<unsigned char>(one[0]);
  }
  std::string_view take(std::uint64_t size) noexcept {
    if (size > bytes_.size()) {
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t next = byte();
      value |= (next & 0x7F) << shift;
      if (next < 0x80) return value;
    }
    bytes_ = {};
    return 0;
  }
  // Booleans in lists take a byte each, in structures none.
  void skip_list(int depth) noexcept {
    unsigned type = 0;
    const std::uint64_t size = list(&type);
    if (type == kTrue || type == kFalse) type = kByte;
    for (std::uint64_t i = 0; i < size && !is_at_end(); ++i) skip(type, depth);
  }
  void skip_structure(int depth) noexcept {
    std::int64_t number = 0;
    while (const unsigned type = field(&number)) skip(type, depth);
  }

  std::string_view bytes_;
};

// Reads a KeyValue.
void read_pair(ThriftReader* in, std::string_view* key,
               std::string_view* value) noexcept {
  std::int64_t number = 0;
  while (const unsigned type = in->field(&number)) {
    if (type == kText && number == 1) {
      *key = in->text();
    } else if (type == kText && number == 2) {
      *value = in->text();
    } else {
      in->skip(type);
    }
  }
}

}  // namespace

std::string_view find_pair(std::string_view footer,
                           std::string_view key) noexcept {
  constexpr std::int64_t kPairs = 5;
  ThriftReader in(footer);
  std::int64_t number = 0;
  while (const unsigned type = in.field(&number)) {
    if (type != kList || number != kPairs) {
      in.skip(type);
      continue;
    }
    unsigned of = 0;
    const std::uint64_t size = in.list(&of);
    for (std::uint64_t i = 0; i < size && of == kStructure && !in.is_at_end();
         ++i) {
      std::string_view found;
      std::string_view value;
      read_pair(&in, &found, &value);
      if (found == key) return value;
    }
    return {};
  }
  return {};
}

}  // namespace stogger
