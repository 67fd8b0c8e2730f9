// Makes whatever {fmt} can format loggable, as text.
#pragma once

#include <fmt/format.h>

#include <iterator>

#include "stogger/value.h"

namespace stogger {

namespace detail {

template <class T>
concept Formattable = !kConvertsToAnything<T> && !kWrittenByStd<T> &&
                      fmt::is_formattable<T>::value;

}  // namespace detail

template <detail::Formattable T>
void write_value(ValueWriter& out, const T& object) {
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "{}", object);
  out.append({text.data(), text.size()});
}

}  // namespace stogger
