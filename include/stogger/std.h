// Makes more of the standard library loggable:
//
//   std::vector, std::span, std::array, a set, and every other range whose
//   begin() and end() are const     a JSON array of its elements
//   std::map, std::unordered_map with keys that are text
//                                   a JSON object
//   std::pair, std::tuple           a JSON array
//   std::variant                    what it holds; null without a value
//   std::monostate                  null
//   std::error_code, std::error_condition and the enumerations of either
//                                   text: generic:13
//   std::filesystem::path           text, as it is
//   std::exception                  text, its what()
//   std::thread::id                 text
//   std::wstring, std::u8string, std::u16string, std::u32string, their views
//   and literals                    text in UTF-8; bad parts are U+FFFD
//   std::chrono                     see chrono.h
//
// Elements are whatever can be logged by itself, other containers and types of
// users among them. Other maps are arrays of pairs. docs/types.md has it all.
//
// A write_value() of your own for exactly your type wins over these.
#pragma once

#include <concepts>
#include <exception>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "stogger/chrono.h"
#include "stogger/value.h"

namespace stogger {

namespace detail {

template <class T, class Char>
concept TextOf = std::convertible_to<const T&, std::basic_string_view<Char>>;

template <class T>
concept WideText =
    !kConvertsToAnything<T> && (TextOf<T, wchar_t> || TextOf<T, char8_t> ||
                                TextOf<T, char16_t> || TextOf<T, char32_t>);

template <class T>
concept Path = std::same_as<T, std::filesystem::path>;

// A range of itself, as a path is, has no end of brackets.
template <class T>
concept Range =
    !kConvertsToAnything<T> && !TextLike<T> && !WideText<T> &&
    !std::same_as<std::remove_cv_t<std::remove_pointer_t<std::decay_t<T>>>,
                  char> &&
    requires(const T& range) {
  std::begin(range) != std::end(range);
  requires !std::same_as<std::remove_cvref_t<decltype(*std::begin(range))>, T>;
};

// A map in which a key stands once.
template <class T>
concept TextMap = Range<T> &&
    requires(const T& map, const typename T::key_type& key) {
  { map.at(key) } -> std::convertible_to<const typename T::mapped_type&>;
  requires TextLike<typename T::key_type>;
};

template <class T>
requires(Range<T> || WideText<T> ||
         Path<T>) inline constexpr bool kWrittenByStd<T> = true;

// Adds the elements, each after a comma but the first one.
class ArrayWriter {
 public:
  explicit ArrayWriter(ValueWriter& out) : out_(out) { out_.append_json("["); }
  template <class T>
  void add(const T& element) {
    if (!first_) out_.append_json(",");
    first_ = false;
    out_.append_json_value(value_of(element));
  }
  void end() { out_.append_json("]"); }

 private:
  ValueWriter& out_;
  bool first_ = true;
};

template <class Code>
void append_code(ValueWriter& out, const Code& code) {
  out.append(code.category().name());
  out.append(":");
  out.append(std::to_string(code.value()));
}

inline void append_code_point(ValueWriter& out, char32_t c) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  if ((c >= 0xD800 && c < 0xE000) || c > 0x10FFFF) c = 0xFFFD;
  const char last = byte(0x80 | (c & 0x3F));
  const char second_last = byte(0x80 | (c >> 6 & 0x3F));
  if (c < 0x80) {
    const char text[] = {byte(c)};
    out.append({text, sizeof text});
  } else if (c < 0x800) {
    const char text[] = {byte(0xC0 | c >> 6), last};
    out.append({text, sizeof text});
  } else if (c < 0x10000) {
    const char text[] = {byte(0xE0 | c >> 12), second_last, last};
    out.append({text, sizeof text});
  } else {
    const char text[] = {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)),
                         second_last, last};
    out.append({text, sizeof text});
  }
}

template <class Char>
void append_wide(ValueWriter& out, std::basic_string_view<Char> text) {
  out.append({});  // an empty text is one, too
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<char32_t>(text[i]);
    if (sizeof(Char) == 2 && c >= 0xD800 && c < 0xDC00 && i + 1 < text.size()) {
      const auto low = static_cast<char32_t>(text[i + 1]);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10 | (low - 0xDC00));
        ++i;
      }
    }
    append_code_point(out, c);
  }
}

inline void append_wide(ValueWriter& out, std::u8string_view text) {
  out.append({reinterpret_cast<const char*>(text.data()), text.size()});
}

}  // namespace detail

template <detail::Range T>
void write_value(ValueWriter& out, const T& range) {
  detail::ArrayWriter array(out);
  for (const auto& element : range) array.add(element);
  array.end();
}

template <detail::TextMap T>
void write_value(ValueWriter& out, const T& map) {
  std::string_view before = "{";
  for (const auto& [key, value] : map) {
    out.append_json(before);
    out.append_json_value(Value(key));
    out.append_json(":");
    out.append_json_value(detail::value_of(value));
    before = ",";
  }
  out.append_json(before == "{" ? "{}" : "}");
}

template <class... T>
void write_value(ValueWriter& out, const std::tuple<T...>& tuple) {
  detail::ArrayWriter array(out);
  std::apply([&](const auto&... element) { (array.add(element), ...); }, tuple);
  array.end();
}

template <class A, class B>
void write_value(ValueWriter& out, const std::pair<A, B>& pair) {
  detail::ArrayWriter array(out);
  array.add(pair.first);
  array.add(pair.second);
  array.end();
}

template <class... T>
void write_value(ValueWriter& out, const std::variant<T...>& variant) {
  if (variant.valueless_by_exception()) return;
  std::visit([&](const auto& held) { out.set(detail::value_of(held)); },
             variant);
}

inline void write_value(ValueWriter& out, std::monostate) { out.set(nullptr); }

inline void write_value(ValueWriter& out, const std::error_code& code) {
  detail::append_code(out, code);
}

inline void write_value(ValueWriter& out, const std::error_condition& code) {
  detail::append_code(out, code);
}

inline void write_value(ValueWriter& out, const std::exception& exception) {
  out.set(exception.what());
}

inline void write_value(ValueWriter& out, const std::thread::id& id) {
  std::ostringstream text;
  text << id;
  out.set(text.str());
}

template <detail::Path T>
void write_value(ValueWriter& out, const T& path) {
  out.set(path.native());
}

template <detail::WideText T>
void write_value(ValueWriter& out, const T& text) {
  if constexpr (detail::TextOf<T, wchar_t>) {
    detail::append_wide(out, std::wstring_view(text));
  } else if constexpr (detail::TextOf<T, char8_t>) {
    detail::append_wide(out, std::u8string_view(text));
  } else if constexpr (detail::TextOf<T, char16_t>) {
    detail::append_wide(out, std::u16string_view(text));
  } else {
    detail::append_wide(out, std::u32string_view(text));
  }
}

}  // namespace stogger
