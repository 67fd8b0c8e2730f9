// What the configuration needs of Options beyond what a sink does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stogger/sink.h"

namespace stogger {

// A Value that keeps its text.
struct OwnedValue {
  Kind kind = Kind::null;
  std::string text;
  std::int64_t integer = 0;  // boolean, integer, unsigned_integer (bits), time
  double real = 0;

  OwnedValue() = default;
  // Any value but a custom one.
  explicit OwnedValue(const Value& value);
  // A view into this object.
  Value view() const noexcept;
};

// An option as a factory read it: what was given, or the default.
struct UsedOption {
  std::string key;
  OwnedValue value;
};

class OptionsAccess {
 public:
  // The table of a TOML file the options stand in, "stogger.sinks.audit", and
  // the keys it may have besides those the factory asks for. For messages.
  static void set_table(Options& options, std::string table,
                        std::vector<std::string> other_keys);

  // What was read, in that order. Lists that were not given are left out.
  static const std::vector<UsedOption>& used(const Options& options) noexcept;
};

}  // namespace stogger
