// Reads JSON lines back as rows.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/json.h"
#include "row/owned_row.h"
#include "stogger/value.h"

namespace stogger {

inline OwnedField json_field(std::string_view name,
                             const nlohmann::ordered_json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::boolean:
      return {name, Value(value.get<bool>())};
    case nlohmann::json::value_t::number_integer:
      return {name, Value(value.get<std::int64_t>())};
    case nlohmann::json::value_t::number_unsigned:
      return {name, Value(value.get<std::uint64_t>())};
    case nlohmann::json::value_t::number_float:
      return {name, Value(value.get<double>())};
    case nlohmann::json::value_t::string:
      return {name, Value(value.get_ref<const std::string&>())};
    case nlohmann::json::value_t::object:
    case nlohmann::json::value_t::array:
      return {name, Value(Json{value.dump()})};
    default:
      return {name, Value()};
  }
}

// The rows of a file. Every line has to be an object, and to be complete.
inline std::vector<OwnedRow> read_json_lines(const std::string& text) {
  std::vector<OwnedRow> rows;
  EXPECT_TRUE(text.empty() || text.back() == '\n') << "a torn line at the end";
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const auto object = nlohmann::ordered_json::parse(line, nullptr, false);
    if (!object.is_object()) {
      ADD_FAILURE() << "not a JSON object: " << line.substr(0, 200);
      continue;
    }
    OwnedRow row;
    for (const auto& [name, value] : object.items()) {
      row.push_back(json_field(name, value));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// What comes back from JSON where this value was given.
inline OwnedField through_json(std::string_view name, const Value& value) {
  Buffer text;
  append_json_value(text, value);
  return json_field(name, nlohmann::ordered_json::parse(text.view()));
}

}  // namespace stogger
