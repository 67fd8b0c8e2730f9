// What has to be asked of the OpenSSL that libpq uses. This module is not
// linked with it: its functions are looked for in what libpq was linked with,
// and where they are missing, libpq has no TLS, or that of somebody else.
#pragma once

#include <libpq-fe.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace stogger {

// Keeps OpenSSL from taking itself apart when the program ends, which would
// crash a connector's thread that is still inside. What it costs: its memory is
// not freed in the end, which the system does anyway. To be called before libpq
// is used; it does nothing in a program that has used OpenSSL before.
void keep_tls_until_the_end() noexcept;

// What a server sends within TLS, before libpq sees it.
class TlsPeek {
 public:
  // What libpq will read next and was not seen yet; valid until the next call.
  // Only after the handshake; empty without TLS.
  std::string_view look(PGconn* connection) noexcept;
  // What went wrong with that, such as an alert of the server's, which libpq
  // would not find any more. Empty if nothing did.
  std::string_view error() const noexcept { return error_; }
  // After libpq has read.
  void note_read(PGconn* connection) noexcept;

 private:
  // A record of TLS is not larger. libpq takes one with a read, or a part.
  std::array<char, 16 * 1024> bytes_;
  std::string_view error_;
  std::size_t known_ = 0;  // of the bytes that it will read next
};

}  // namespace stogger
