// SqliteLedger: how far each queue has got (see RowOrigin), in a table beside
// that of the rows. The position is stored in the transaction of the rows, so
// that rows which are handed over again can be told from those that are
// missing.
//
// A table of that name that is not what this class creates is not used: then
// rows that are handed over again may be stored twice, which is reported once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sinks/sqlite/database.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class SqliteLedger {
 public:
  // The database outlives it.
  SqliteLedger(SqliteDatabase& database, const std::string& table, bool create)
      : database_(database), table_(table + "_ledger"), create_(create) {}

  // To be called after each opening of the database, which owns the statements.
  void forget() noexcept;
  // To be called after each rollback, which may take back the table.
  void look_again() noexcept { version_ = -1; }

  // Both in the transaction of the rows, which have an origin. Not ok if the
  // database fails, but not because of the table.
  // How many rows at the beginning are stored already.
  Status find(const RowBatch& rows, std::size_t* stored);
  // All of them up to that one are, or are refused.
  Status store(const RowBatch& rows, std::size_t last);

  // Why there is no ledger, if that has not been reported.
  bool has_report() const noexcept { return !report_.empty(); }
  std::string take_report() { return std::exchange(report_, {}); }

 private:
  Status look();
  Status look_at_table(bool* exists);
  Status create();
  Status prepare();
  Status settle(int result, std::string_view action);
  void do_without(std::string_view why);
  std::string creation() const;

  SqliteDatabase& database_;
  const std::string table_;
  const bool create_;
  // That of the schema when it was looked at; others may change it.
  std::int64_t version_ = -1;
  bool usable_ = false;
  bool has_reported_ = false;
  std::string report_;
  sqlite3_stmt* read_version_ = nullptr;
  sqlite3_stmt* read_ = nullptr;
  sqlite3_stmt* store_ = nullptr;
};

}  // namespace stogger
