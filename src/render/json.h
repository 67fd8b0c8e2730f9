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

  static std::size_t room(std::string_view key, const Value& value) noexcept {
    return json_string_room(key) + json_value_room(value) + 2;
  }
  // For all the fields of an event, its message, and its other attributes.
  static std::size_t room(const Event& event) noexcept;

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
