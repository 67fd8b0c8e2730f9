#include "sinks/postgres/statements.h"

#include <algorithm>
#include <utility>

#include "sinks/postgres/sql.h"

namespace stogger {
namespace {

// As many are kept, and prepared at the server. A table whose rows leave out
// more different sets of columns is an odd one.
constexpr std::size_t kMostKept = 16;

}  // namespace

void StatementCache::begin(std::string table,
                           const std::vector<PostgresColumn>& columns,
                           bool names) {
  table_ = std::move(table);
  columns_ = columns;
  names_ = names;
  known_.clear();
  last_ = nullptr;
}

Statements& StatementCache::find_other(
    const std::vector<std::size_t>& left_out) {
  for (const auto& known : known_) {
    if (known->left_out == left_out) return *(last_ = known.get());
  }
  if (known_.size() < kMostKept) {
    known_.push_back(std::make_unique<Statements>(make(left_out)));
    if (names_) known_.back()->name = statement_name(known_.back()->insert);
    return *(last_ = known_.back().get());
  }
  other_ = make(left_out);
  return *(last_ = &other_);
}

Statements StatementCache::make(
    const std::vector<std::size_t>& left_out) const {
  Statements made;
  made.left_out = left_out;
  std::vector<PostgresColumn> kept;
  bool arrays = true;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (std::binary_search(left_out.begin(), left_out.end(), i)) continue;
    kept.push_back(columns_[i]);
    made.types.push_back(columns_[i].type_id);
    made.array_types.push_back(columns_[i].array_type_id);
    made.binary.push_back(1);
    arrays = arrays && columns_[i].array_type_id != 0;
  }
  if (!arrays) made.array_types.clear();
  made.insert = insert_sql(table_, kept);
  if (kept.empty()) return made;
  made.unnest = unnest_sql(table_, kept);
  made.copy = copy_sql(table_, kept);
  return made;
}

}  // namespace stogger
