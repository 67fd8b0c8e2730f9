#include "sinks/sqlite/inherited.h"

#include <sqlite3.h>

#include <atomic>

namespace stogger {
namespace {

std::atomic<InheritedConnection*> kept = nullptr;
InheritedConnection* forgotten = nullptr;  // never freed

// Unlocking makes SQLite forget, and the system release what the child itself
// holds: nothing. The parent's locks are the parent's.
void forget_locks(sqlite3* connection) noexcept {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr) return;
  if (file->pMethods->iVersion >= 2) file->pMethods->xShmUnmap(file, 0);
  file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
}

}  // namespace

void keep_inherited(std::unique_ptr<InheritedConnection> entry) noexcept {
  InheritedConnection* const node = entry.release();
  node->next = kept.load();
  while (!kept.compare_exchange_weak(node->next, node)) {
  }
}

void forget_inherited_locks() noexcept {
  InheritedConnection* node = kept.exchange(nullptr);
  while (node != nullptr) {
    InheritedConnection* const next = node->next;
    forget_locks(node->connection);
    node->next = forgotten;
    forgotten = node;
    node = next;
  }
}

}  // namespace stogger
