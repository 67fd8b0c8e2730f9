// SQLite in a process that splits while other threads use SQLite.
//
// SQLite has locks for the whole process: of its memory, its page cache, its
// random numbers, its files. Whatever any thread does with any database, it
// takes some of them for a moment. A thread that held one during fork() does
// not exist in the child, where the lock would stay taken, and the first call
// of SQLite would never come back. So fork() waits until these locks are free,
// and has them itself while the process splits.
#pragma once

#include "stogger/status.h"

namespace stogger {

// To be called before a connection is opened. From the first time on, fork()
// takes care of SQLite. Makes SQLite forget what the process has from its
// parent, see sqlite_inherited.h.
//
// Fails in a child, for good, if fork() has waited for SQLite's locks for a
// second in vain: then no call of SQLite may be made.
Status begin_with_sqlite();

}  // namespace stogger
