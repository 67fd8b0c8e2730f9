// Wire: bytes to and from a server. Nothing is waited for beyond a deadline,
// and no more is read than a limit, whatever the server does.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "sinks/postgres/pump.h"

namespace stogger {

using Deadline = std::chrono::steady_clock::time_point;

struct ResultDeleter {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

// What a server may send in answer to one statement, and unasked between two.
inline constexpr std::size_t kMostOfAnswer = 1024 * 1024;
// What a server may send in all until another connection takes over, and until
// it is not used any more. libpq keeps some of what is sent (the names of
// parameters) for as long as the connection lives.
inline constexpr std::size_t kMostBeforeRenewal = 16 * 1024 * 1024;
inline constexpr std::size_t kMostOfConnection = 32 * 1024 * 1024;

class Wire {
 public:
  enum class Trouble {
    none,
    broken,   // the connection ended
    late,     // the deadline passed
    flood,    // more came than the limit
    unknown,  // what came is no answer to a statement of this library
  };

  // Owns neither the connection, which has to be established, nor its pump.
  Wire(PGconn* connection, Pump& pump) noexcept
      : connection_(connection), pump_(pump) {}

  // Before each statement.
  void begin(Deadline deadline) noexcept;
  // Hands everything that is queued to the kernel. Reads meanwhile, so that two
  // sides that only write do not wait for each other.
  bool send_all() noexcept;
  // Sends a request that libpq has not made, after begin(), and returns what
  // the server says first, up to what pump.h hands over at once; empty if the
  // connection has ended. Only where there is no TLS.
  bool ask(std::string_view request, std::string_view* reply) noexcept;
  // Lets libpq, which has been made to send the same request, read the reply
  // that it has not got; the rest of it is for next_result().
  bool hand_over(std::string_view reply) noexcept;
  // A null result is the end of the results of a statement; others are rows,
  // the end of a command, errors of the server, the end of a pipeline, or,
  // after a COPY, that data are wanted.
  bool next_result(ResultPtr* result) noexcept;
  // Why one of them failed.
  Trouble trouble() const noexcept { return trouble_; }

  // Reads what the server says without being asked. False if it has ended the
  // session, or does not stop.
  bool is_quiet() noexcept;
  bool is_worn() const noexcept { return in_all_ > kMostBeforeRenewal; }

 private:
  bool fail(Trouble trouble) noexcept;
  bool wait(short events) noexcept;
  bool receive() noexcept;
  bool count(std::size_t bytes) noexcept;
  bool take_in(std::string_view bytes) noexcept;
  void drop_notifications() noexcept;

  PGconn* connection_;
  Pump& pump_;
  Deadline deadline_{};
  Trouble trouble_ = Trouble::none;
  int results_ = 0;
  std::size_t received_ = 0;  // since begin()
  std::size_t in_all_ = 0;
};

// Bytes that libpq was handed and has not read.
bool has_unread(PGconn* connection) noexcept;

}  // namespace stogger
