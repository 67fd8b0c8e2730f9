#include "row/column_matcher.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/names.h"

namespace stogger {
namespace {

// Finds columns of a batch by name: the first of each.
class BatchIndex {
 public:
  explicit BatchIndex(const RowBatch& rows) noexcept : rows_(rows) {}

  std::size_t find(std::string_view name) {
    constexpr std::size_t kFew = 16;
    const Column* const end = rows_.columns + rows_.column_count;
    if (rows_.column_count <= kFew) {
      const Column* const found = std::find_if(
          rows_.columns, end,
          [&](const Column& column) { return column.name == name; });
      return static_cast<std::size_t>(found - rows_.columns);
    }
    if (positions_.empty()) {
      for (std::size_t i = 0; i < rows_.column_count; ++i) {
        positions_.emplace(rows_.columns[i].name, i);
      }
    }
    const auto found = positions_.find(name);
    return found != positions_.end() ? found->second : rows_.column_count;
  }

 private:
  const RowBatch& rows_;
  std::map<std::string_view, std::size_t> positions_;  // once it is needed
};

}  // namespace

void ColumnMatcher::clear() noexcept {
  names_.clear();
  sources_.clear();
  has_source_.clear();
  positions_.clear();
  in_order_ = false;
}

void ColumnMatcher::add(std::string_view name) {
  names_.add(name);
  sources_.emplace_back(name);
  has_source_.push_back(false);
}

const std::string& ColumnMatcher::add_made_of(std::string_view name) {
  const std::string& made = names_.add_unique(name);
  sources_.emplace_back(name);
  has_source_.push_back(true);
  return made;
}

bool ColumnMatcher::has_all_in_order(const RowBatch& rows) const noexcept {
  const std::size_t count = sources_.size();
  if (rows.column_count != count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (rows.columns[i].name != sources_[i]) return false;
  }
  return true;
}

void ColumnMatcher::put_in_order() {
  has_source_.assign(sources_.size(), true);
  positions_.resize(sources_.size());
  std::iota(positions_.begin(), positions_.end(), std::size_t{0});
  unplaced_ = 0;
  in_order_ = true;
}

void ColumnMatcher::find(const RowBatch& rows) {
  in_order_ = false;
  positions_.assign(sources_.size(), kAbsent);
  placed_.assign(rows.column_count, false);
  unplaced_ = rows.column_count;
  find_exact(rows);
  if (unplaced_ != 0) find_changed(rows);
  if (unplaced_ != 0 && ignore_case_) find_ignoring_case(rows);
}

void ColumnMatcher::place(std::size_t position, std::size_t column) {
  positions_[column] = position;
  placed_[position] = true;
  --unplaced_;
}

void ColumnMatcher::find_exact(const RowBatch& rows) {
  const std::size_t count = rows.column_count;
  BatchIndex index(rows);
  std::size_t next = 0;  // mostly they are in the same order
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    std::size_t position = next;
    if (position >= count || rows.columns[position].name != sources_[i]) {
      position = index.find(sources_[i]);
    }
    if (position == count || placed_[position]) continue;
    place(position, i);
    has_source_[i] = true;
    next = position + 1;
  }
}

// The columns of a table that was there may have been made of other names, by
// another program or before this one was started.
void ColumnMatcher::find_changed(const RowBatch& rows) {
  if (std::find(has_source_.begin(), has_source_.end(), false) ==
      has_source_.end()) {
    return;
  }
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (placed_[i]) continue;
    const std::size_t column =
        names_.find_made_of(rows.columns[i].name, has_source_);
    if (column == ColumnNames::kNone) continue;
    place(i, column);
    sources_[column] = rows.columns[i].name;
    has_source_[column] = true;
  }
}

void ColumnMatcher::find_ignoring_case(const RowBatch& rows) {
  // What is left of the batch, by name; of equal names in its order.
  std::multimap<std::string, std::size_t> left;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (!placed_[i]) left.emplace(folded(rows.columns[i].name), i);
  }
  for (std::size_t i = 0; i < sources_.size() && !left.empty(); ++i) {
    if (positions_[i] != kAbsent) continue;
    const auto found = left.lower_bound(folded(sources_[i]));
    if (found == left.end() || found->first != folded(sources_[i])) continue;
    place(found->second, i);
    left.erase(found);
  }
}

}  // namespace stogger
