#include "config/toml_text.h"

#include <algorithm>
#include <cmath>

#include "base/buffer.h"
#include "base/json.h"

namespace stogger {

std::string toml_string(std::string_view text) {
  // A JSON string is a TOML string, but for the one control character that
  // JSON lets through.
  Buffer buffer;
  append_json_string(buffer, text);
  std::string out;
  for (const char c : buffer.view()) {
    if (c == '\x7F') {
      out += "\\u007f";
    } else {
      out += c;
    }
  }
  return out;
}

std::string toml_key(std::string_view key) {
  const bool bare =
      !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= '0' && c <= '9') || c == '_' || c == '-';
      });
  return bare ? std::string(key) : toml_string(key);
}

std::string toml_line(std::string_view key, std::string_view value) {
  return toml_key(key) + " = " + std::string(value) + "\n";
}

std::string toml_value(const Value& value) {
  if (value.kind() == Kind::text) return toml_string(value.text());
  if (value.kind() == Kind::json) return std::string(value.text());
  if (value.kind() == Kind::real && !std::isfinite(value.real())) {
    if (std::isnan(value.real())) return "nan";
    return value.real() < 0 ? "-inf" : "inf";
  }
  Buffer buffer;
  append_json_value(buffer, value);
  return std::string(buffer.view());
}

}  // namespace stogger
