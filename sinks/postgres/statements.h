// The statements of a session. Rows that leave the same columns to the server
// (see RowEncoder::left_out()) share theirs.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sinks/postgres/column.h"

namespace stogger {

struct Statements {
  std::vector<std::size_t> left_out;
  std::vector<Oid> types;        // of the columns that stay
  std::vector<Oid> array_types;  // of arrays of them; empty if one has none
  std::vector<int> binary;       // a 1 for each
  std::string insert;
  std::string unnest;  // empty without columns, as is `copy`
  std::string copy;
  std::string name;  // of the prepared INSERT; empty: it is sent as it is
  bool is_prepared = false;
};

class StatementCache {
 public:
  // Forgets all. The table is qualified, in quotes.
  void begin(std::string table, const std::vector<PostgresColumn>& columns,
             bool names);

  // Valid until the next call.
  Statements& find(const std::vector<std::size_t>& left_out) {
    if (last_ != nullptr && last_->left_out == left_out) return *last_;
    return find_other(left_out);
  }

 private:
  Statements& find_other(const std::vector<std::size_t>& left_out);
  Statements make(const std::vector<std::size_t>& left_out) const;

  std::string table_;
  std::vector<PostgresColumn> columns_;
  bool names_ = true;
  std::vector<std::unique_ptr<Statements>> known_;
  Statements other_;  // of one more than are kept
  Statements* last_ = nullptr;
};

}  // namespace stogger
