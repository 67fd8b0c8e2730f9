// What lies between SQLite and the system.
#pragma once

struct sqlite3;

namespace stogger {

// The name of a VFS that is SQLite's own but for one thing: no sleep is longer
// than 0.2 ms. SQLite waits for some locks by itself, in ever longer
// steps, up to ten seconds altogether; a call that logs cannot. Null, which
// stands for the default one, if the program has put a VFS of its own in its
// place.
const char* sqlite_vfs_name() noexcept;

// The errno of the last access to the database or its log that went wrong; 0 if
// none has.
int sqlite_access_error(sqlite3* connection) noexcept;

}  // namespace stogger
