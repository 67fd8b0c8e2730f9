// What crosses the interface of modules (stogger/module.h), read with care. A
// module runs with all rights of the program and is trusted; but it may be
// older or newer than thought, or wrong, and that has to end in a message.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "stogger/module.h"
#include "stogger/status.h"

namespace stogger {

// Of a text from a module. What claims to be longer is no text.
inline constexpr std::size_t kLongestModuleText = std::size_t{1024} * 1024;

// Of a message; the rest is cut off.
inline constexpr std::size_t kModuleMessageRoom = 4096;

// Of any size, for values and names come from the program's users.
inline std::string_view text_of_host(const char* data,
                                     std::size_t size) noexcept {
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

inline std::string_view text_of_host(const stogger_text& text) noexcept {
  return text_of_host(text.data, text.size);
}

inline std::string_view text_of_module(const stogger_text& text) noexcept {
  return text.size > kLongestModuleText ? std::string_view()
                                        : text_of_host(text);
}

inline stogger_text as_module_text(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

// Code::internal for one that is not known here.
inline Code module_code(stogger_code code) noexcept {
  constexpr auto kLast = static_cast<stogger_code>(Code::missing);
  return code > kLast ? Code::internal : static_cast<Code>(code);
}

// Calls what fills in a message if it fails.
template <class Call>
Status module_status(Call call) {
  char room[kModuleMessageRoom];
  stogger_message message{room, sizeof(room), 0};
  const stogger_code code = call(&message);
  if (code == 0) return {};
  return Status(module_code(code),
                {room, std::min(message.size, sizeof(room))});
}

// The answer to such a call. A text that has to be cut ends with a whole
// character.
inline stogger_code module_answer(Code code, std::string_view text,
                                  stogger_message* message) noexcept {
  if (code == Code::ok) return 0;
  if (message != nullptr && message->data != nullptr) {
    std::size_t size = std::min(text.size(), message->capacity);
    const auto is_inside = [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
    };
    while (size < text.size() && size > 0 && is_inside(text[size])) --size;
    message->size = text.copy(message->data, size);
  }
  return static_cast<stogger_code>(code);
}

}  // namespace stogger
