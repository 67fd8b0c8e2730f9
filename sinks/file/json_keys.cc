#include "sinks/file/json_keys.h"

#include <algorithm>
#include <cstddef>

#include "base/names.h"
#include "base/options.h"
#include "base/quote.h"

namespace stogger {
namespace {

constexpr std::string_view kOption = "keys";
constexpr std::size_t kCount = EventColumn::code_file;  // without those beyond

}  // namespace

void JsonKeys::read(Options& options) {
  const auto given = OptionsAccess::texts(options, kOption);
  if (given.empty()) return;
  if (options.for_samples()) {
    options.problem(kOption,
                    "is for log events: columns of samples keep theirs");
  }
  const std::vector<std::string> known(kEventColumns, kEventColumns + kCount);
  std::vector<std::string> names = known;
  for (const auto& [key, name] : given) {
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
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name) {
      options.problem(kOption, "gives two keys the name " + quoted(*name));
    }
  }
  names_ = std::move(names);
  for (const std::string& name : names_) columns_.push_back({name, Kind::text});
}

RowBatch JsonKeys::columns() const noexcept {
  RowBatch wanted;
  wanted.columns = columns_.data();
  wanted.column_count = columns_.size();
  return wanted;
}

}  // namespace stogger
