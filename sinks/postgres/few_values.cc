#include "sinks/postgres/few_values.h"

#include <algorithm>

#include "base/json.h"

namespace stogger {
namespace {

constexpr std::size_t kMember = 2;  // a key and a value

// Behind the string that begins at `at`.
std::size_t end_of_string(std::string_view json, std::size_t at) noexcept {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at + 1;
    }
  }
  return json.size();
}

// Where what begins at `at` ends: at a comma or a bracket that it has not
// opened, or with the text. Adds its values and keys to *count, to one less or
// more for each array or object.
std::size_t end_of_element(std::string_view json, std::size_t at,
                           std::size_t* count) noexcept {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = end_of_string(json, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == ']' || c == '}')) break;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == '[' || c == '{' || c == ',' || c == ':') ++*count;
    ++at;
  }
  return at;
}

}  // namespace

bool has_many_values(std::string_view json) noexcept {
  if (json.size() <= kMostJsonValues) return false;
  std::size_t count = 0;
  end_of_element(json, 0, &count);
  return count > kMostJsonValues;
}

void append_few_values(Buffer& out, std::string_view json) {
  std::size_t all = 0;
  for (std::size_t at = 1; at < json.size(); ++at) {
    std::size_t ignored = 0;
    at = end_of_element(json, at, &ignored);
    all += kMember;
  }
  if (!json.starts_with('{') || all > kMostJsonValues) {
    append_json_string(out, json);
    return;
  }
  out.push_back('{');
  std::size_t end = 0;
  for (std::size_t at = 1; at < json.size(); at = end + 1) {
    std::size_t count = 1;
    end = end_of_element(json, at, &count);
    const std::string_view member = json.substr(at, end - at);
    const std::size_t more = std::max(count, kMember) - kMember;
    const std::size_t colon = member.find(
        ':', end_of_string(member, std::min(member.find('"'), member.size())));
    if (all + more <= kMostJsonValues || colon == std::string_view::npos) {
      out.append(member);
      all += more;
    } else {
      out.append(member.substr(0, colon + 1));
      append_json_string(out, member.substr(colon + 1));
    }
    if (end < json.size()) out.push_back(json[end]);
  }
}

}  // namespace stogger
