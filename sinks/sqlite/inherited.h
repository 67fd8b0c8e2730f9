// Connections to SQLite databases that a process has from its parent.
//
// A child must neither use nor close them: both would tamper with the parent's
// files. But it cannot just leave them, either. SQLite remembers, for all
// connections of a process to one file together, which locks the process
// holds, and a child holds none of its parent's. Seeing the inherited
// connection, SQLite would do without locks for the child's own ones, and the
// parent, taking itself for the last to close the file, would remove the log
// while the child writes to it.
#pragma once

#include <memory>

struct sqlite3;

namespace stogger {

struct InheritedConnection {
  sqlite3* connection = nullptr;
  InheritedConnection* next = nullptr;
};

// Keeps a connection for good. Touches nothing that is shared: it may be called
// in the handlers of fork(), when a thread that is not there any more may have
// been inside SQLite.
void keep_inherited(std::unique_ptr<InheritedConnection> entry) noexcept;

// Makes SQLite forget the locks of the connections kept so far. To be called
// before the child opens one of its own, by one thread at a time.
void forget_inherited_locks() noexcept;

}  // namespace stogger
