// Whatever is logged, the JSON line is one line of valid JSON that says exactly
// that; and whatever is given as JSON comes out as the same JSON or not at all.
#include <bit>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/timestamp.h"
#include "fuzz/random_event.h"
#include "render/free_keys.h"

namespace stogger {
namespace {

using Json = nlohmann::json;
using Members = std::vector<std::pair<std::string, Json>>;

bool is_secret(const void*, std::string_view key) {
  return key == "token" || key == "a";
}

// The text between the strings of a JSON text, and nothing that harms in them.
void check_text(std::string_view json) {
  check(is_clean_text(json), "JSON is valid UTF-8");
  while (!json.empty()) {
    const Utf8Step step = utf8_step(json);
    const std::uint32_t c = step.codepoint;
    check(c >= 0x20 && (c < 0x80 || c >= 0xA0) && c != 0x2028 && c != 0x2029,
          "JSON has no control characters");
    json.remove_prefix(step.size);
  }
}

void check_hidden(const Json& json) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      if (is_secret(nullptr, key)) {
        check(value == "[REDACTED]", "secret members are hidden");
      } else {
        check_hidden(value);
      }
    }
  } else if (json.is_array()) {
    for (const Json& element : json) check_hidden(element);
  }
}

void clean(std::string_view text) {
  Buffer once;
  std::uint32_t sanitized = 0;
  const bool valid =
      append_clean_json(once, text, nullptr, nullptr, &sanitized);
  const Json given = Json::parse(text, nullptr, false);
  if (!valid) {
    check(once.empty(), "nothing is written of what is refused");
    std::size_t depth = 0;
    for (const char c : text) depth += c == '[' || c == '{';
    check(given.is_discarded() || depth > kJsonDepth ||
              text.find('\0') != std::string_view::npos,
          "valid JSON is taken");
    return;
  }
  check_text(once.view());
  const Json kept = Json::parse(once.view(), nullptr, false);
  check(!kept.is_discarded(), "clean JSON is valid");
  check(sanitized != 0 || kept == given, "JSON stays the same");

  Buffer twice;
  check(append_clean_json(twice, once.view(), nullptr, nullptr, &sanitized),
        "clean JSON is taken again");
  check(once.view() == twice.view(), "clean JSON is clean");

  Buffer hidden;
  check(append_clean_json(hidden, text, &is_secret, nullptr, &sanitized),
        "secrets make JSON no less valid");
  check_text(hidden.view());
  check_hidden(Json::parse(hidden.view()));
}

// The members of an object, in order and with those of equal names.
Members members_of(std::string_view json) {
  Members members;
  const auto collect = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth != 1) return true;
    if (event == Json::parse_event_t::key) {
      members.emplace_back(parsed.get<std::string>(), nullptr);
    } else if (event == Json::parse_event_t::value ||
               event == Json::parse_event_t::object_end ||
               event == Json::parse_event_t::array_end) {
      check(!members.empty(), "the line is an object");
      members.back().second = parsed;
    }
    return true;
  };
  const Json whole = Json::parse(json, collect, false);
  check(whole.is_object(), "the line is an object");
  return members;
}

void check_value(const Json& found, const Value& given) {
  switch (given.kind()) {
    case Kind::boolean:
      return check(found == given.boolean(), "booleans stay");
    case Kind::integer:
      return check(found.is_number_integer() &&
                       found.get<std::int64_t>() == given.integer(),
                   "integers stay");
    case Kind::unsigned_integer:
      return check(found.is_number_unsigned() &&
                       found.get<std::uint64_t>() == given.unsigned_integer(),
                   "unsigned integers stay");
    case Kind::real:
      if (std::isnan(given.real())) return check(found == "NaN", "NaN");
      if (std::isinf(given.real())) {
        return check(found == (given.real() > 0 ? "Infinity" : "-Infinity"),
                     "infinities");
      }
      return check(found.is_number_float() &&
                       std::bit_cast<std::uint64_t>(found.get<double>()) ==
                           std::bit_cast<std::uint64_t>(given.real()),
                   "reals stay, to the last bit");
    case Kind::text:
      return check(found == mended(given.text()), "texts stay");
    case Kind::time: {
      char text[kTimestampSize + 3];
      char* const end = write_time(text, given.time());
      return check(found == std::string(text, end), "times stay");
    }
    case Kind::json:
      return check(found == Json::parse(given.text()), "JSON stays");
    case Kind::null:
    case Kind::custom:
      return check(found.is_null(), "nulls stay");
  }
}

void check_line(const Event& event) {
  RowScratch scratch;
  RowBatch row;
  render(event, RowForm::json, RowBatch(), scratch, &row);
  std::string_view line = row.at(0, 0).text();
  check(line.ends_with('\n'), "the line has an end");
  line.remove_suffix(1);
  check_text(line);

  std::vector<Field> expected;
  char time[kTimestampSize];
  write_timestamp(time, event.time);
  expected.emplace_back("timestamp", std::string_view(time, kTimestampSize));
  expected.emplace_back("level", to_string(event.level));
  expected.emplace_back("event", event.name);
  if (!event.func.is_null()) expected.emplace_back("func", event.func);
  if (!event.scope.is_null()) expected.emplace_back("scope", event.scope);
  if (event.has_message()) expected.emplace_back("message", event.message);
  if (!event.logger.empty()) expected.emplace_back("logger", event.logger);
  RowScratch keys;
  const Event renamed = with_free_keys(event, RowForm::json, {}, keys);
  expected.insert(expected.end(), renamed.fields,
                  renamed.fields + renamed.field_count);

  const Members found = members_of(line);
  check(found.size() == expected.size(), "every field is there");
  for (std::size_t i = 0; i < found.size(); ++i) {
    check(found[i].first == mended(expected[i].key), "keys stay");
    check_value(found[i].second, expected[i].value);
  }
}

// The column `data` of tables has what has no column of its own.
void check_table(const Event& event) {
  RowScratch scratch;
  RowBatch row;
  render(event, RowForm::table, RowBatch(), scratch, &row);
  check(row.column_count == 6, "a table has six columns");
  check(row.at(0, 5).kind() == Kind::json, "data is JSON");
  const std::string_view data = row.at(0, 5).text();
  check_text(data);
  const std::size_t others =
      (event.has_message() ? 1u : 0u) + (event.logger.empty() ? 0u : 1u);
  const Members found = members_of(data);
  check(found.size() == event.field_count + others, "every field is there");
  for (std::size_t i = 0; i < event.field_count; ++i) {
    check_value(found[others + i].second, event.fields[i].value);
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  using namespace stogger;
  if (size == 0) return 0;
  if (bytes[0] % 2 == 0) {
    clean({reinterpret_cast<const char*>(bytes) + 1, size - 1});
    return 0;
  }
  FuzzedDataProvider data(bytes + 1, size - 1);
  const RandomEvent event(data);
  check_line(*event);
  check_table(*event);
  return 0;
}
