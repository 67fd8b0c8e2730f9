// JournalSocket: the way to journald, for one entry at a time.
//
// An entry goes out as one datagram or, if it is too large for that, as a
// sealed memfd. The socket is connected, so that poll(2) can tell when
// journald's queue has room, and connected again automatically when journald
// has restarted.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "os/patience.h"
#include "stogger/status.h"

namespace stogger {

class JournalSocket {
 public:
  explicit JournalSocket(std::string_view path) : path_(path) {}
  ~JournalSocket() { close(); }
  JournalSocket(const JournalSocket&) = delete;
  JournalSocket& operator=(const JournalSocket&) = delete;

  const std::string& path() const noexcept { return path_; }
  bool is_open() const noexcept { return socket_ >= 0; }

  // Does nothing if it is open. Fails if nobody listens, and at once if the
  // last entry waited in vain and there is still no room.
  Status open();
  void close() noexcept;

  // Waits for room for 250 ms at most. Code::rejected if the entry is too large
  // for a datagram and there is no memory for it.
  Status send(std::string_view entry);

 private:
  // These return 0 or the value of errno.
  int connect() noexcept;
  int send(const msghdr& message, Patience* patience) noexcept;
  int send_descriptor(int descriptor, Patience* patience) noexcept;

  bool is_writable() const noexcept;
  Status sent(int error);
  Status connect_failure(int error) const;

  const std::string path_;
  int socket_ = -1;
  bool stalled_ = false;  // the last entry waited in vain
};

}  // namespace stogger
