#include "row/declared_columns.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

#include "base/limits.h"
#include "base/names.h"
#include "base/quote.h"
#include "row/sample_columns.h"
#include "row/standard_columns.h"

namespace stogger {
namespace {

// The first six are those that messages and the documentation name; the others
// are what people who know SQL write.
constexpr struct {
  std::string_view name;
  Kind kind;
} kTypes[] = {{"text", Kind::text},      {"integer", Kind::integer},
              {"real", Kind::real},      {"boolean", Kind::boolean},
              {"time", Kind::time},      {"json", Kind::json},
              {"int", Kind::integer},    {"bigint", Kind::integer},
              {"double", Kind::real},    {"bool", Kind::boolean},
              {"timestamp", Kind::time}, {"timestamptz", Kind::time},
              {"jsonb", Kind::json}};
constexpr std::size_t kNamedTypes = 6;

std::optional<Kind> find_type(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(std::begin(kTypes), std::end(kTypes),
                   [&](const auto& type) { return type.name == name; });
  if (found == std::end(kTypes)) return std::nullopt;
  return found->kind;
}

std::string describe_types(std::string_view given) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kNamedTypes; ++i) {
    names.emplace_back(kTypes[i].name);
  }
  return quoted_list(names) + did_you_mean(given, names);
}

template <class Columns>
bool has_column(const Columns& columns, std::string_view name) {
  return std::any_of(std::begin(columns), std::end(columns),
                     [&](const auto& column) {
                       return equal_ignoring_case(column.name, name);
                     });
}

}  // namespace

std::vector<SchemaColumn> read_declared_columns(
    Options& options, std::initializer_list<std::string_view> reserved) {
  std::vector<SchemaColumn> columns;
  std::string_view name;
  std::string_view type;
  const auto refuse = [&](const std::string& what) {
    options.problem(kColumnsOption, what);
  };
  const auto is_fixed = [&] {
    return (options.for_samples() ? is_own_column(name)
                                  : has_column(kStandardColumns, name)) ||
           std::any_of(reserved.begin(), reserved.end(),
                       [&](std::string_view other) {
                         return equal_ignoring_case(other, name);
                       });
  };
  for (std::size_t i = 0; options.table_item(kColumnsOption, i, &name, &type);
       ++i) {
    const std::optional<Kind> kind = find_type(type);
    if (!is_identifier(name)) {
      refuse("has the name " + quoted(name) + ": a name " +
             std::string(kIdentifierRule));
    } else if (is_fixed()) {
      refuse("has the name " + quoted(name) +
             ", which is a column in any case");
    } else if (has_column(columns, name)) {
      refuse("has the name " + quoted(name) +
             " twice: letters that differ in case only count as equal");
    } else if (!kind) {
      refuse("gives " + quoted(name) + " the type " + quoted(type) +
             ": it must be " + describe_types(type));
    } else if (columns.size() == kMostColumns / 2) {
      refuse("has more than " + std::to_string(kMostColumns / 2) + " names");
      break;
    } else {
      columns.push_back({std::string(name), *kind});
    }
  }
  return columns;
}

bool read_rolls_on_new_column(Options& options) {
  constexpr std::string_view kOption = "on_new_column";
  if (options.for_samples()) {
    return options.choice(kOption, {"drop", "roll"}, "drop") == "roll";
  }
  if (options.has(kOption)) {
    options.problem(kOption,
                    "is for samples: what has no column of a log event goes to "
                    "\"data\"");
  }
  return false;
}

std::string describe_undeclared(const std::vector<SchemaColumn>& declared,
                                const std::vector<std::string>& present,
                                std::string_view table, bool for_samples) {
  std::vector<std::string> missing;
  for (const SchemaColumn& column : declared) {
    if (std::none_of(present.begin(), present.end(),
                     [&](const std::string& name) {
                       return equal_ignoring_case(name, column.name);
                     })) {
      missing.push_back(column.name);
    }
  }
  if (missing.empty()) return {};
  return "the table " + quoted(table) + " is there and has no column " +
         quoted_list(missing) + ", which \"columns\" names: add it, or " +
         (for_samples ? "its values are left out"
                      : "its values go to \"data\"");
}

}  // namespace stogger
