// Arbitrary names as the columns of a first batch, of a table that was there,
// and of later batches: names of columns are valid, short enough, unique, and
// those that the rule gives; no value gets into two columns or into one of
// another kind.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/names.h"
#include "base/utf8.h"
#include "fuzz/random_event.h"
#include "row/declared_columns.h"
#include "row/schema.h"

namespace stogger {
namespace {

// A batch of one row, whose values are the positions of its columns.
struct Names {
  explicit Names(FuzzedDataProvider& data) {
    const auto count = data.ConsumeIntegralInRange<std::size_t>(1, 60);
    for (std::size_t i = 0; i < count; ++i) names.push_back(name(data));
    // Now and then by the hundred.
    if (data.ConsumeIntegralInRange(0, 15) == 15) {
      const std::string stem = name(data);
      for (int i = 0; i < 1700; ++i) names.push_back(stem + variant(i));
    }
    for (const std::string& each : names) {
      columns.push_back({each});
      values.emplace_back(static_cast<std::int64_t>(values.size()));
    }
  }
  RowBatch rows() const {
    return {columns.data(), columns.size(), values.data(), 1, Time{}};
  }

  static std::string variant(int i) {
    std::string text;
    for (int bit = 0; bit < 11; ++bit) text += (i >> bit & 1) != 0 ? 'A' : 'a';
    return text;
  }
  // Many of them alike.
  static std::string name(FuzzedDataProvider& data) {
    static constexpr std::string_view kParts[] = {"a",
                                                  "A",
                                                  "b",
                                                  "_",
                                                  "_2",
                                                  "_3",
                                                  "2",
                                                  "10",
                                                  "\xC3\xA4",
                                                  "\xff",
                                                  "nnnnnnnnnnnnnn"};
    if (data.ConsumeIntegralInRange(0, 7) == 0) {
      return data.ConsumeRandomLengthString(80);
    }
    std::string text;
    const auto parts = data.ConsumeIntegralInRange(0, 4);
    for (int i = 0; i < parts; ++i) text += data.PickValueInArray(kParts);
    return text;
  }

  std::vector<std::string> names;
  std::vector<Column> columns;
  std::vector<Value> values;
};

// The rule as it reads.
std::vector<std::string> expected_names(const Names& names,
                                        const SchemaOptions& options) {
  const std::size_t most =
      options.longest_name == 0 ? SIZE_MAX : options.longest_name;
  std::set<std::string> taken;
  std::vector<std::string> unique;
  for (const std::string& given : names.names) {
    const std::string clean = mended(given);
    std::string name(utf8_prefix(clean, most));
    const auto key = [&] { return options.ignore_case ? folded(name) : name; };
    for (int number = 2; taken.count(key()) != 0; ++number) {
      const std::string suffix = "_" + std::to_string(number);
      name = std::string(utf8_prefix(clean, most - suffix.size())) + suffix;
    }
    taken.insert(key());
    unique.push_back(name);
  }
  return unique;
}

void check_match(Schema& schema, const Names& batch) {
  const RowBatch rows = batch.rows();
  schema.match(rows);
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < schema.columns().size(); ++i) {
    const Value value = schema.value(rows, 0, i);
    if (value.is_null()) continue;
    check(value.kind() == Kind::integer, "values keep their kind");
    check(seen.insert(value.integer()).second, "a value has one column");
  }
  static_cast<void>(schema.take_report());
}

// The option `columns`, and a first batch with columns that it declares: these
// are what it takes, and it finds a place for each.
void declare(FuzzedDataProvider& data) {
  const bool ignore_case = data.ConsumeBool();
  const Names first(data);
  const Names given(data);
  Buffer json;
  for (const std::string& name : given.names) {
    json.push_back(json.size() == 0 ? '{' : ',');
    append_json_string(json, name);
    json.append(data.ConsumeIntegralInRange(0, 3) == 0 ? ":\"?\""
                                                       : ":\"real\"");
  }
  json.push_back('}');
  const Field fields[] = {{kColumnsOption, Json{json.view()}}};
  Options options("fuzz", fields);
  const std::vector<SchemaColumn> declared = read_declared_columns(options);
  for (const SchemaColumn& column : declared) {
    check(is_identifier(column.name), "a declared name is an identifier");
    check(column.kind == Kind::real, "and of the type that was given");
  }
  Schema schema({.ignore_case = ignore_case}, declared);
  check(schema.set_from(first.rows()).ok(), "a batch with rows makes a table");
  check(schema.columns().size() <= kMostColumns, "a table is not too wide");
  std::set<std::string> unique;
  for (const SchemaColumn& column : schema.columns()) {
    check(unique.insert(ignore_case ? folded(column.name) : column.name).second,
          "names are unique");
  }
  for (const SchemaColumn& column : declared) {
    const std::vector<Column> columns = {{column.name}};
    const Value value(0.5);
    const RowBatch late{columns.data(), 1, &value, 1, Time{}};
    schema.match(late);
    check(!schema.has_unplaced(), "a declared column has a place");
  }
}

void run(FuzzedDataProvider& data) {
  if (data.ConsumeIntegralInRange(0, 3) == 0) return declare(data);
  const SchemaOptions options{
      .ignore_case = data.ConsumeBool(),
      .longest_name = data.ConsumeBool()
                          ? 0
                          : data.ConsumeIntegralInRange<std::size_t>(16, 63)};
  const Names first(data);
  Schema schema(options);
  check(schema.set_from(first.rows()).ok(), "a batch with rows makes a table");
  const std::vector<SchemaColumn> columns = schema.columns();
  check(columns.size() == std::min(first.names.size(), kMostColumns),
        "each column of the batch is one of the table, up to the most");
  // The slow way, for few.
  if (first.names.size() < 200) {
    const std::vector<std::string> expected = expected_names(first, options);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      check(columns[i].name == expected[i], "names follow the rule");
    }
  }
  std::set<std::string> unique;
  for (const SchemaColumn& column : columns) {
    check(is_clean_text(column.name), "names are valid");
    check(
        options.longest_name == 0 || column.name.size() <= options.longest_name,
        "names are short enough");
    check(unique.insert(options.ignore_case ? folded(column.name) : column.name)
              .second,
          "names are unique");
  }
  check_match(schema, first);
  Schema later(options);
  check(later.set(columns).ok(), "a table can be taken as it is");
  check_match(later, first);
  for (int i = data.ConsumeIntegralInRange(0, 3); i > 0; --i) {
    const Names next(data);
    check_match(schema, next);
    check_match(later, next);
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  stogger::run(data);
  return 0;
}
