// The SQL of the ledger (see ledger.h), but for how it is looked for: see
// catalogue.h. As in sql.h, nothing depends on the search_path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sinks/postgres/settings.h"

namespace stogger {

// The settings name the schema and the table of the rows.
std::string create_ledger_sql(const PostgresSettings& settings);
std::string grant_ledger_sql(const PostgresSettings& settings,
                             std::string_view role);

// `ledger` is qualified, in quotes. With a queue as $1: its position.
std::string read_position_sql(const std::string& ledger);
// Moves the queue to a position. If it is there and not at `from`, the server
// refuses with kMovedElsewhere, and the transaction fails.
inline constexpr std::string_view kMovedElsewhere = "23502";
std::string move_position_sql(const std::string& ledger, std::string_view queue,
                              std::int64_t from, std::int64_t to);

}  // namespace stogger
