// Parts of the JSON line that the table's `data` column uses too.
#pragma once

#include <cstring>

#include "base/json.h"
#include "event/event.h"

namespace stogger {

// Writes the members of a JSON object, "key":value, into memory that has room
// for all of them: nothing here checks.
class JsonMembers {
 public:
  explicit JsonMembers(char* out, bool first) noexcept
      : out_(out), first_(first) {}

  // The most that all of an event takes: no byte grows to more than six.
  static std::size_t room(const Event& event) noexcept {
    constexpr std::size_t kLargestGrowth = 6;
    constexpr std::size_t kFixedParts = 256;
    return (event.raw_size + event.message.size()) * kLargestGrowth +
           kFixedParts;
  }

  void add(std::string_view key, const Value& value) noexcept {
    comma();
    out_ = write_json_string(out_, key, &sanitized_);
    *out_++ = ':';
    out_ = value.kind() == Kind::text
               ? write_json_string(out_, value.text(), &sanitized_)
               : write_json_value(out_, value, &sanitized_);
  }

  // For a key that is known to need no escapes.
  template <std::size_t N>
  void add(const char (&key)[N], std::string_view text) noexcept {
    comma();
    *out_++ = '"';
    std::memcpy(out_, key, N - 1);
    out_ += N - 1;
    *out_++ = '"';
    *out_++ = ':';
    out_ = write_json_string(out_, text, &sanitized_);
  }

  char* end() const noexcept { return out_; }
  std::uint32_t sanitized() const noexcept { return sanitized_; }

 private:
  void comma() noexcept {
    if (!first_) *out_++ = ',';
    first_ = false;
  }

  char* out_;
  bool first_;
  std::uint32_t sanitized_ = 0;
};

}  // namespace stogger
