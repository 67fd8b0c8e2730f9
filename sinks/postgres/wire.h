// Wire: bytes to and from a server. Nothing is waited for beyond a deadline,
// and no more is read than a limit, whatever the server does.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <memory>

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

  // Does not own the connection, which has to be established. Null is allowed
  // if nothing else is called.
  explicit Wire(PGconn* connection) noexcept : connection_(connection) {}

  // Before each statement.
  void begin(Deadline deadline) noexcept;
  // Hands everything that is queued to the kernel. Reads meanwhile, so that two
  // sides that only write do not wait for each other.
  bool send_all() noexcept;
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
  bool count(std::size_t before) noexcept;
  void drop_notifications() noexcept;

  PGconn* connection_;
  Deadline deadline_{};
  Trouble trouble_ = Trouble::none;
  int results_ = 0;
  std::size_t received_ = 0;  // since begin()
  std::size_t in_all_ = 0;
};

// Bytes that can be read from a socket at once.
std::size_t readable_bytes(int socket) noexcept;
// Of those that were readable before libpq read, how many it took at least.
std::size_t bytes_taken(int socket, std::size_t before) noexcept;

}  // namespace stogger
