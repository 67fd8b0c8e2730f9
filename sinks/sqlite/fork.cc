#include "sinks/sqlite/fork.h"

#include <sqlite3.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>

#include "os/process.h"
#include "sinks/sqlite/inherited.h"
#include "sinks/sqlite/vfs.h"

namespace stogger {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongestWait(1);

// In the order in which SQLite takes them when it holds one already. The memory
// is the last one: each of the others is held while memory is asked for. Those
// for applications (APP1 to APP3) are not SQLite's: it never takes them.
constexpr int kLocks[] = {
    SQLITE_MUTEX_STATIC_OPEN, SQLITE_MUTEX_STATIC_VFS1,
    SQLITE_MUTEX_STATIC_VFS2, SQLITE_MUTEX_STATIC_VFS3,
    SQLITE_MUTEX_STATIC_PRNG, SQLITE_MUTEX_STATIC_MAIN,
    SQLITE_MUTEX_STATIC_LRU,  SQLITE_MUTEX_STATIC_PMEM,
    SQLITE_MUTEX_STATIC_MEM,
};

// All of it is there before any code runs, and is never destroyed.

// Guards the beginning: what is done once, and connections that are inherited.
constinit std::mutex beginning;
constinit std::atomic<bool> has_begun = false;
constinit std::atomic<bool> is_unusable = false;
// Null where SQLite was built or set up to do without locks.
constinit sqlite3_mutex* locks[std::size(kLocks)] = {};

// What this fork() holds. There is one at a time: see os/process.
constinit bool holds_beginning = false;
constinit bool holds[std::size(kLocks)] = {};
constinit bool holds_all = true;

template <class TryLock>
bool lock_until(Steady::time_point deadline, TryLock try_lock) noexcept {
  constexpr timespec kPause = {0, 20000};
  while (!try_lock()) {
    if (Steady::now() >= deadline) return false;
    ::nanosleep(&kPause, nullptr);
  }
  return true;
}

// It never waits without an end, for a thread may wait for something that this
// fork() holds, with a lock of SQLite in its hands: a function that was given
// to SQLite for its messages may log, for example.
void lock_all() noexcept {
  if (is_unusable) return;
  const Steady::time_point deadline = Steady::now() + kLongestWait;
  holds_beginning =
      lock_until(deadline, []() noexcept { return beginning.try_lock(); });
  holds_all = holds_beginning;
  if (!has_begun) return;
  for (std::size_t i = 0; i < std::size(locks); ++i) {
    if (locks[i] == nullptr) continue;
    holds[i] = lock_until(deadline, [i]() noexcept {
      return sqlite3_mutex_try(locks[i]) == SQLITE_OK;
    });
    holds_all = holds_all && holds[i];
  }
}

void unlock_all() noexcept {
  for (std::size_t i = std::size(locks); i-- > 0;) {
    if (holds[i]) sqlite3_mutex_leave(locks[i]);
    holds[i] = false;
  }
  if (holds_beginning) beginning.unlock();
  holds_beginning = false;
}

class Locks final : public ProcessObject {
 public:
  void before_fork() noexcept override { lock_all(); }
  void after_fork_in_parent() noexcept override { unlock_all(); }
  bool after_fork_in_child() noexcept override {
    if (!holds_all) is_unusable = true;
    unlock_all();
    return true;
  }
};

constinit Locks all_locks;

// When the program is loaded: a thread that opens a database for the first time
// would be too late for a fork() that has begun.
[[maybe_unused]] const bool registered = [] {
  process_objects(ProcessPart::sqlite).add(all_locks);
  return true;
}();

// All of what is done once: fork() waits for its end.
void begin_once() noexcept {
  sqlite3_initialize();
  for (std::size_t i = 0; i < std::size(locks); ++i) {
    locks[i] = sqlite3_mutex_alloc(kLocks[i]);
  }
  static_cast<void>(SqliteVfs::is_available());
  const OpensAtOnce replaces_system_calls;
  has_begun = true;
}

}  // namespace

Status begin_with_sqlite() {
  if (!is_unusable) {
    const std::lock_guard lock(beginning);
    if (!has_begun) begin_once();
    forget_inherited_locks();
    return {};
  }
  return Status(Code::unavailable,
                "another thread was inside SQLite, for more than a second, "
                "when this process was forked: SQLite cannot be used here");
}

}  // namespace stogger
