// Connector: the thread that looks up names, connects, and closes connections,
// so that no thread of the host ever waits for any of that.
//
// It keeps one session ready, or on its way, for the sink to take. While the
// sink has one, it watches whether the server ends it, and sees to another.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/establish.h"
#include "sinks/postgres/session.h"
#include "sinks/postgres/settings.h"
#include "stogger/status.h"

namespace stogger {

class Connector : public std::enable_shared_from_this<Connector> {
 public:
  explicit Connector(PostgresSettings settings);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Starts the thread, which begins to connect.
  Status start();
  // From now on, a session that is given back is not replaced.
  void begin_stop() noexcept;
  // Ends it, and closes all connections. Waits a moment for the thread, and a
  // second if it computes; one that hangs in a name look-up is left to end by
  // itself.
  void stop();

  enum class Wait {
    one_attempt,    // not once an attempt has failed
    till_deadline,  // unless a server that is there says no
  };
  // A session that is ready. Waits for one that is on its way; not beyond the
  // deadline. Null with the reason in *status.
  std::unique_ptr<Session> take(Deadline deadline, Wait wait, Status* status);
  // True if take() would not wait.
  bool has_session() const noexcept {
    return ready_socket_.load(std::memory_order_acquire) >= 0;
  }

  // Asks for another session while the sink goes on with the one it has. True
  // once it is there.
  bool has_replacement();

  // What is to be thought of the server of a session given back.
  enum class Verdict {
    fine,       // only the connection, or the prepared statement, is of no use
    avoid,      // other hosts are tried first
    is_pooler,  // there is a pooler in between
  };
  // Gives a session back to be closed, and asks for another.
  void retire(std::unique_ptr<Session> session, Verdict verdict);

  // After fork(), in the child: the thread does not exist here. Lets go of the
  // sockets. The object must be leaked, for its lock may be held for ever.
  void abandon() noexcept;

 private:
  void work() noexcept;
  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  void close_retired(std::unique_lock<std::mutex>& lock);
  void connect(std::unique_lock<std::mutex>& lock);
  std::unique_ptr<Session> try_hosts(std::size_t first, Status* status);
  std::unique_ptr<Session> try_host(std::size_t host, Status* status);
  std::unique_ptr<Session> try_target(const PostgresTarget& target,
                                      Status* status);
  bool is_hopeless(Wait wait) const noexcept {
    return failed_ && (wait == Wait::one_attempt || refused_);
  }
  void back_off(Status reason);
  void note_end(const Session& session);
  void drop_dead_session(std::unique_lock<std::mutex>& lock);
  void wake() noexcept;
  bool is_stopping() const noexcept {
    return stopping_.load(std::memory_order_acquire);
  }

  const PostgresSettings settings_;
  // Of the attempt under way, for its thread: some server could not be reached,
  // or was lost.
  bool is_missing_ = false;
  pid_t process_ = -1;  // that has the thread
  int wake_ = -1;       // an eventfd
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> computing_{false};  // the thread is inside libpq
  std::atomic<int> ready_socket_{-1};

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::unique_ptr<Session> ready_;
  std::vector<std::unique_ptr<Session>> retired_;
  int watched_ = -1;      // the socket of the session that the sink has
  bool wanted_ = true;    // there is none, or the one the sink has is dead
  bool failed_ = false;   // the last attempt, since one is wanted
  bool refused_ = false;  // in it, each server was there and said no
  bool ended_ = false;
  Status reason_;
  std::size_t next_host_ = 0;
  bool pooled_ = false;
  int unproven_ = 0;  // sessions that ended, since one has taken a row
  std::chrono::milliseconds backoff_{0};
  Deadline next_attempt_{};
};

}  // namespace stogger
