// The one file that knows toml++, set to return its errors: an exception of
// the parser exists nowhere in the library.
#define TOML_EXCEPTIONS 0
// What it asserts of where a key begins is not true of every bad file, and with
// NDEBUG it would let the compiler rely on it. It reports the error by itself
// right after.
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "config/guard.h"
#include "config/tree.h"

namespace stogger {
namespace {

Position position_of(const toml::source_region& region) noexcept {
  return {static_cast<int>(region.begin.line),
          static_cast<int>(region.begin.column)};
}

template <class Time>
std::string time_text(const Time& time) {
  std::ostringstream out;
  out << time;
  return std::move(out).str();
}

Node read_node(const toml::node& node);

void read_table(const toml::table& table, Node* out) {
  out->type = Node::Type::table;
  for (const auto& [key, value] : table) {
    out->members.push_back(
        {std::string(key.str()), position_of(key.source()), read_node(value)});
  }
  // The parser sorts them by name.
  std::stable_sort(out->members.begin(), out->members.end(),
                   [](const Member& a, const Member& b) {
                     return std::pair(a.where.line, a.where.column) <
                            std::pair(b.where.line, b.where.column);
                   });
}

void read_list(const toml::array& list, Node* out) {
  out->type = Node::Type::list;
  for (const toml::node& item : list) {
    out->members.push_back({{}, position_of(item.source()), read_node(item)});
  }
}

Node read_node(const toml::node& node) {
  Node out;
  out.where = position_of(node.source());
  if (const auto* table = node.as_table()) {
    read_table(*table, &out);
  } else if (const auto* list = node.as_array()) {
    read_list(*list, &out);
  } else if (const auto* text = node.as_string()) {
    out.type = Node::Type::text;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.type = Node::Type::integer;
    out.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    out.type = Node::Type::real;
    out.real = real->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.type = Node::Type::boolean;
    out.boolean = boolean->get();
  } else {
    out.type = Node::Type::time;
    if (const auto* date = node.as_date()) out.text = time_text(date->get());
    if (const auto* time = node.as_time()) out.text = time_text(time->get());
    if (const auto* both = node.as_date_time()) {
      out.text = time_text(both->get());
    }
  }
  return out;
}

}  // namespace

const Member* Node::find(std::string_view key) const noexcept {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

bool parse_toml(std::string_view toml, std::string_view wanted, Node* top,
                Problem* problem) {
  if (!is_safe_to_parse(toml, problem)) return false;
  const toml::parse_result result = toml::parse(toml);
  if (!result) {
    problem->where = position_of(result.error().source());
    problem->text = result.error().description();
    return false;
  }
  for (const auto& [key, value] : result.table()) {
    Member member{std::string(key.str()), position_of(key.source()), {}};
    if (key.str() == wanted) member.node = read_node(value);
    top->members.push_back(std::move(member));
  }
  return true;
}

}  // namespace stogger
