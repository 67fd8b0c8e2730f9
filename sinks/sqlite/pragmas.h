// What a database and a connection to it are set to.
#pragma once

#include <cstdint>

#include "sinks/sqlite/database.h"

namespace stogger {

// Of a file that is empty.
Status set_up_new_file(SqliteDatabase& database);
// Takes turns with others, as long as `wait` says.
Status choose_journal(SqliteDatabase& database, const SqliteSettings& settings,
                      BoundedWait& wait);
Status set_up_connection(SqliteDatabase& database,
                         const SqliteSettings& settings);
Status read_page_size(SqliteDatabase& database, std::int64_t* size);

}  // namespace stogger
