// Messages of PostgreSQL's protocol, version 3, as a server sends them; right
// ones, and whatever else a test wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stogger::frames {

inline std::string int32(std::uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}
inline std::string int16(std::uint32_t number) {
  return int32(number).substr(2);
}
inline std::string zero_ended(std::string_view text) {
  return std::string(text) + '\0';
}

// A message with a length of one's own choice, which counts itself but not the
// type.
inline std::string frame_of_length(char type, std::uint32_t length,
                                   std::string_view body = {}) {
  return type + int32(length) + std::string(body);
}
inline std::string frame(char type, std::string_view body = {}) {
  return frame_of_length(type, static_cast<std::uint32_t>(body.size() + 4),
                         body);
}

inline std::string authentication(std::uint32_t kind,
                                  std::string_view more = {}) {
  return frame('R', int32(kind) + std::string(more));
}
inline std::string authentication_ok() { return authentication(0); }
inline std::string ready(char state = 'I') {
  return frame('Z', std::string_view(&state, 1));
}
inline std::string parameter(std::string_view name, std::string_view value) {
  return frame('S', zero_ended(name) + zero_ended(value));
}
inline std::string backend_key() { return frame('K', int32(1) + int32(2)); }
inline std::string complete(std::string_view tag) {
  return frame('C', zero_ended(tag));
}
inline std::string error(std::string_view state, std::string_view message) {
  return frame('E', zero_ended("SERROR") + zero_ended("VERROR") +
                        zero_ended("C" + std::string(state)) +
                        zero_ended("M" + std::string(message)) + '\0');
}
inline std::string notice(std::string_view message) {
  return frame('N', zero_ended("SNOTICE") + zero_ended("C00000") +
                        zero_ended("M" + std::string(message)) + '\0');
}
inline std::string notification(std::string_view payload) {
  return frame('A', int32(1) + zero_ended("channel") + zero_ended(payload));
}
// Columns of text, named c.
inline std::string columns(std::size_t count) {
  std::string body = int16(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    body += zero_ended("c") + int32(0) + int16(0) + int32(25) + int16(0xFFFF) +
            int32(0xFFFFFFFF) + int16(0);
  }
  return frame('T', body);
}
using Cell = std::optional<std::string>;
inline std::string row(const std::vector<Cell>& values) {
  std::string body = int16(static_cast<std::uint32_t>(values.size()));
  for (const Cell& value : values) {
    body += value ? int32(static_cast<std::uint32_t>(value->size())) + *value
                  : int32(0xFFFFFFFF);
  }
  return frame('D', body);
}
inline std::string copy_in() { return frame('G', std::string(3, '\0')); }
inline std::string copy_out() { return frame('H', std::string(3, '\0')); }
inline std::string copy_both() { return frame('W', std::string(3, '\0')); }

// The messages that a stream begins with; what is no whole message comes last.
inline std::vector<std::string> split(std::string_view stream) {
  std::vector<std::string> messages;
  while (!stream.empty()) {
    std::size_t size = stream.size();
    if (size >= 5) {
      std::uint32_t length = 0;
      for (int i = 1; i <= 4; ++i) {
        length = length << 8 | static_cast<unsigned char>(
                                   stream[static_cast<std::size_t>(i)]);
      }
      if (length >= 4 && length < size) size = length + std::size_t{1};
    }
    messages.emplace_back(stream.substr(0, size));
    stream.remove_prefix(size);
  }
  return messages;
}

}  // namespace stogger::frames
