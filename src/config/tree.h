// What a TOML text says, free of the parser's types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace stogger {

struct Member;

struct Node {
  enum class Type { boolean, integer, real, text, time, list, table };

  Type type = Type::table;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;             // text; a time as it is written in TOML
  std::vector<Member> members;  // of a list (without keys) or a table
  Position where;

  const Member* find(std::string_view key) const noexcept;
};

struct Member {
  std::string key;
  Position where;  // of the key
  Node node;
};

// Parses the text. Fills in the table of the top-level key `wanted`, its
// members in the order of the text; of the other top-level keys only the names,
// for they belong to others. False, and a problem without a file name, if it is
// no TOML.
bool parse_toml(std::string_view toml, std::string_view wanted, Node* top,
                Problem* problem);

}  // namespace stogger
