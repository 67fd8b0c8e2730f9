#include "sinks/file/json_keys.h"

#include <algorithm>
#include <cstddef>

#include "base/names.h"
#include "base/quote.h"

namespace stogger {
namespace {

constexpr std::string_view kOption = "keys";
constexpr std::size_t kCount = EventColumn::code_file;  // without those beyond

}  // namespace

void JsonKeys::read(Options& options) {
  std::string_view key;
  std::string_view name;
  if (!options.table_item(kOption, 0, &key, &name)) return;
  if (options.for_samples()) {
    options.problem(kOption,
                    "is for log events: columns of samples keep theirs");
  }
  const std::vector<std::string> known(kEventColumns, kEventColumns + kCount);
  std::vector<std::string> names = known;
  for (std::size_t i = 0; options.table_item(kOption, i, &key, &name); ++i) {
    const auto found = std::find(known.begin(), known.end(), key);
    if (found == known.end()) {
      options.problem(kOption, "must rename " + quoted_list(known) + ", not " +
                                   quoted(key) + did_you_mean(key, known));
    } else if (name.empty()) {
      options.problem(kOption, "gives " + quoted(key) + " an empty name");
    } else {
      names[static_cast<std::size_t>(found - known.begin())] = name;
    }
  }
  for (auto same = names.begin(); same != names.end(); ++same) {
    if (std::find(names.begin(), same, *same) != same) {
      options.problem(kOption, "gives two keys the name " + quoted(*same));
    }
  }
  names_ = std::move(names);
  for (const std::string& each : names_) columns_.push_back({each, Kind::text});
}

RowBatch JsonKeys::columns() const noexcept {
  RowBatch wanted;
  wanted.columns = columns_.data();
  wanted.column_count = columns_.size();
  return wanted;
}

}  // namespace stogger
