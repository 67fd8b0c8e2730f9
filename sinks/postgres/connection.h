// Connection: one session with a server. Nothing is waited for beyond a
// deadline, whatever the server or the network does.
//
// Not for two threads at a time, but any thread may use it after another.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "sinks/postgres/pump.h"
#include "sinks/postgres/wire.h"

namespace stogger {

// How an exchange with the server ended.
struct Answer {
  enum class Kind {
    done,
    refused,   // by the server, with an SQLSTATE: nothing of it was done
    lost,      // the connection is of no more use, and nothing was done
    in_doubt,  // the same, or the time was up, after all was sent
  };
  Kind kind = Kind::done;
  bool late = false;  // the deadline passed; the connection is of no more use
  std::string sqlstate;
  std::string message;
  std::string context;     // for COPY: which line
  std::string constraint;  // that was violated, if the server names it
  // Of one that was refused: it was an error of this statement alone, and the
  // session works on.
  bool works_on = false;
  bool of_name = false;  // of a statement that has one
  // How many rows the statement stored, as its tag tells; -1 if it does not.
  long long rows = -1;
  // How many statements of the same transaction were done before the one that
  // was refused; they are not done any more. Of run_with() and copy() only.
  int done_before = 0;

  bool ok() const noexcept { return kind == Kind::done; }
};

// What is sent with a statement: binary unless said otherwise.
struct Parameters {
  std::size_t count = 0;
  const char* const* values = nullptr;
  const int* lengths = nullptr;
  const int* formats = nullptr;  // null: all are text
  const Oid* types = nullptr;    // null: the server finds out
};

class Connection {
 public:
  // Takes over a connection that is established, and its pump.
  Connection(PGconn* connection, std::unique_ptr<Pump> pump) noexcept;
  // Says good-bye to the server if that needs no waiting.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const noexcept { return pump_->socket(); }
  // One system call: false if the server has ended the session meanwhile.
  bool is_alive() noexcept { return wire_.is_quiet(); }
  // True when another connection should take over: the server has sent so much
  // in the life of this one.
  bool is_worn() const noexcept { return wire_.is_worn(); }

  // Of the database, as the server names it.
  std::string_view encoding() const noexcept;

  // A statement of its own; its rows, if it has any, end up in *result.
  Answer run(const std::string& sql, const Parameters& parameters,
             Deadline deadline, ResultPtr* result = nullptr);
  // Several statements in one text, or one without parameters.
  Answer run_all(const std::string& sql, Deadline deadline);
  Answer prepare(const std::string& name, const std::string& sql,
                 const std::vector<Oid>& types, Deadline deadline);
  Answer run_prepared(const std::string& name, const Parameters& parameters,
                      Deadline deadline);
  // Runs those that come `first`, each without parameters, and the statement in
  // one transaction and one round trip, without leaving anything in the
  // session.
  Answer run_with(std::span<const char* const> first, const std::string& sql,
                  const Parameters& parameters, Deadline deadline);
  // `sql` ends in a COPY ... FROM STDIN; what comes before it is done in the
  // same transaction.
  Answer copy(const std::string& sql, std::string_view data, Deadline deadline);

  // After fork(), in the child: the socket is no longer the parent's. The
  // object must be leaked, for PQfinish() would tell the parent's server, or
  // its TLS, good-bye.
  void abandon() noexcept;

 private:
  Answer ask_prepared(const std::string& name, const Parameters& parameters);
  Answer finish(bool sent, ResultPtr* last);
  Answer settled(Answer answer) const;
  Answer broken(bool sent) const;
  bool put(std::string_view data);
  bool wait_for_copy(Answer* answer, int* done);

  PGconn* connection_;
  const std::unique_ptr<Pump> pump_;
  Wire wire_;
  const bool is_plain_;  // neither TLS nor another encryption
  Buffer request_;
};

}  // namespace stogger
