// Establishing a connection: the part of the work that waits for names and for
// servers that may never answer. For the connector's thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/settings.h"
#include "stogger/status.h"

namespace stogger {

// One address of one of the hosts in the settings.
struct PostgresTarget {
  std::size_t host = 0;
  std::string address;  // numeric; empty if libpq finds it
};

// All addresses of a host. libpq would wait for each address of a name as long
// as for all of them.
std::vector<PostgresTarget> find_targets(const PostgresSettings& settings,
                                         std::size_t host, Status* status);

// What ends the wait for a server.
struct Interrupt {
  int wake;  // an eventfd
  const std::atomic<bool>& stopping;
  // Set while libpq works, which waits for nobody.
  std::atomic<bool>& computing;
};

// What a server may send until a session is established, certificates
// included.
inline constexpr std::size_t kMostAtStart = 64 * 1024;

// Null with the reason in *status after the connect time-out, or if the server
// sends more than that. A password is not given to a server that wants it as it
// is without TLS, or hashed for hours. With options: the session begins with
// the time-outs for rows.
std::unique_ptr<Connection> establish(const PostgresSettings& settings,
                                      const PostgresTarget& target,
                                      bool with_options,
                                      const Interrupt& interrupt,
                                      Status* status);

}  // namespace stogger
