// Pump: hands libpq no more of what a server sends than it is to have.
//
// libpq reads a long message as fast as the server sends it, until its length
// is reached, which may be 2 GiB. So its socket is replaced by one end of a
// pair, and the pump moves bytes between the other end and the server. TLS
// stays libpq's: what is moved is encrypted then.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace stogger {

class Pump {
 public:
  Pump() noexcept = default;
  ~Pump() { close(); }
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Takes the connected socket's place, under its number. False, and nothing is
  // changed, if there are no descriptors left.
  bool attach(int socket) noexcept;
  // True if the number is still that of the pair: libpq may have opened another
  // connection under the same one.
  bool is_attached(int socket) const noexcept;

  // The connection to the server, to be waited for.
  int socket() const noexcept { return server_; }

  // Moves what libpq has written. False if the server is gone.
  bool push() noexcept;
  // Sends bytes that libpq has not written; they have to stay where they are
  // until there is no rest. False if the server is gone.
  bool send(std::string_view bytes) noexcept;
  bool send_rest() noexcept;
  // Forgets what libpq has written.
  void discard() noexcept;
  // What push() or send_rest() has to be called for once more when the socket
  // takes more.
  bool has_rest() const noexcept { return !rest_.empty(); }

  // Reads what the server sends, at most kMostAtOnce bytes; they are valid
  // until the next call. Empty if there is nothing, or at the end, which libpq
  // then finds, too.
  std::string_view pull() noexcept;
  // Hands bytes to libpq, which has to have read what it was handed before.
  bool hand_over(std::string_view bytes) noexcept;

  // After libpq has closed its end: sends what it has written, and closes.
  void close() noexcept;
  // After fork(), in the child: neither end belongs to the parent any more.
  void abandon(int socket) noexcept;

 private:
  // libpq takes that much with one read.
  static constexpr std::size_t kMostAtOnce = 8 * 1024;

  int server_ = -1;
  int inner_ = -1;
  std::string_view rest_;  // in outgoing_, or of send()
  std::array<char, kMostAtOnce> incoming_;
  std::array<char, kMostAtOnce> outgoing_;
};

}  // namespace stogger
