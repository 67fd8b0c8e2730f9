#include "sinks/sqlite/distrust.h"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stogger {
namespace {

// What a log call may ask for is far below these.
constexpr std::pair<int, int> kLimits[] = {
    {SQLITE_LIMIT_LENGTH, 16 * 1024 * 1024},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 32},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0}};

// Those of full-text and R*Tree tables, which are part of SQLite.
constexpr std::string_view kOfSqlite[] = {
    "match",     "snippet",    "offsets",   "optimize",       "matchinfo",
    "bm25",      "highlight",  "fts5",      "fts5_source_id", "fts3_tokenizer",
    "rtreenode", "rtreedepth", "rtreecheck"};

// Virtual tables that are part of SQLite and lead to nothing outside of the
// file.
constexpr const char* kModules[] = {
    "fts3",  "fts3tokenize", "fts4",    "fts4aux",   "fts5",      "fts5vocab",
    "rtree", "rtree_i32",    "geopoly", "json_each", "json_tree", nullptr};

struct Function {
  std::string name;
  int argument_count;
};

// Looks at no file.
std::vector<Function> foreign_functions(sqlite3* connection) {
  enum { kName, kBuiltIn, kType, kEncoding, kArgumentCount, kFlags };
  std::vector<Function> functions;
  sqlite3_stmt* row = nullptr;
  sqlite3_prepare_v2(connection, "PRAGMA function_list", -1, &row, nullptr);
  while (row != nullptr && sqlite3_step(row) == SQLITE_ROW) {
    const auto* const name =
        reinterpret_cast<const char*>(sqlite3_column_text(row, kName));
    if (name == nullptr || sqlite3_column_int(row, kBuiltIn) != 0 ||
        (sqlite3_column_int(row, kFlags) & SQLITE_INNOCUOUS) != 0 ||
        std::find(std::begin(kOfSqlite), std::end(kOfSqlite),
                  std::string_view(name)) != std::end(kOfSqlite)) {
      continue;
    }
    functions.push_back({name, sqlite3_column_int(row, kArgumentCount)});
  }
  sqlite3_finalize(row);
  return functions;
}

}  // namespace

void distrust_schema(sqlite3* connection) {
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0,
                    nullptr);
  for (const auto& [limit, value] : kLimits) {
    sqlite3_limit(connection, limit, value);
  }
  sqlite3_drop_modules(connection, const_cast<const char**>(kModules));
  for (const Function& function : foreign_functions(connection)) {
    // Without any code, it is taken away.
    sqlite3_create_function(connection, function.name.c_str(),
                            function.argument_count, SQLITE_ANY, nullptr,
                            nullptr, nullptr, nullptr);
  }
}

}  // namespace stogger
