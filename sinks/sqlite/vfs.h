// What lies between SQLite and the system.
#pragma once

struct sqlite3;

namespace stogger {

// The name of a VFS that is SQLite's own but for this:
//  - No sleep is longer than 0.2 ms. SQLite waits for some locks by itself, in
//    ever longer steps, up to ten seconds altogether; a call that logs cannot.
//  - The parameter `files` of an URI is the address of a SqliteFiles, which is
//    asked before a file is opened. If that only looks, no file is created, and
//    none is opened for writing.
//  - A path below /proc/self/fd stays as it is.
// Null, which stands for the default one, if the program has put a VFS of its
// own in its place.
const char* sqlite_vfs_name() noexcept;

// The errno of the last access to the database or its log that went wrong; 0 if
// none has.
int sqlite_access_error(sqlite3* connection) noexcept;

// True if the file that the connection has open, and that need not be readable
// as a database, begins as all SQLite databases do.
bool begins_like_sqlite(sqlite3* connection) noexcept;

// True if it is a database with a write-ahead log.
bool is_in_wal_mode(sqlite3* connection) noexcept;

}  // namespace stogger
