// Makes nlohmann::json loggable: it is stored as JSON, not as a string.
#pragma once

#include <nlohmann/json.hpp>

#include "stogger/value.h"

namespace stogger {

namespace detail {

template <class T>
concept BasicJson = nlohmann::detail::is_basic_json<T>::value;

template <BasicJson T>
inline constexpr bool kConvertsToAnything<T> = true;

}  // namespace detail

// Strings in it that are not valid UTF-8 are fixed with U+FFFD.
template <detail::BasicJson T>
void write_value(ValueWriter& out, const T& json) {
  const auto text =
      json.dump(-1, ' ', false, nlohmann::detail::error_handler_t::replace);
  out.set(Json{text});
}

}  // namespace stogger
