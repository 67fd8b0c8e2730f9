// What the schema of a database may do. It may be anybody's, and is carried out
// by every INSERT: triggers, defaults, generated columns, views.
#pragma once

struct sqlite3;

namespace stogger {

// Bars what a schema could harm the process with, and sets limits. To be called
// before anything is read.
//
// PRAGMA trusted_schema=OFF would do that, but some releases of SQLite (3.40
// among them) then bar fts5, rtree and json_extract() as well, and a full-text
// index over one's own log would end it. What that pragma is for, functions
// that a program gives to all connections (sqlite3_auto_extension()) and that
// are not marked as harmless, are taken away from this one instead. Functions
// and virtual tables that are marked SQLITE_DIRECTONLY stay barred in a schema.
void distrust_schema(sqlite3* connection);

}  // namespace stogger
