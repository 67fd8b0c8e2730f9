#include "sinks/postgres/establish.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/quote.h"
#include "base/utf8.h"
#include "sinks/postgres/session.h"
#include "sinks/postgres/wire.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

bool is_numeric(const std::string& name) noexcept {
  unsigned char address[16];
  return ::inet_pton(AF_INET, name.c_str(), address) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), address) == 1;
}

// What libpq says may have several lines, and begins with what the line that
// tells of it says already.
std::string in_one_line(const char* message) {
  constexpr std::size_t kMostText = 1024;
  std::string text(utf8_prefix(message == nullptr ? "" : message, kMostText));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; },
      ' ');
  return text;
}

// So that libpq cannot take much at once: of a long message, it takes all that
// is there until the socket is empty. No answer is long.
void limit_buffer(int socket) noexcept {
  constexpr int kSize = 32 * 1024;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kSize, sizeof(kSize));
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

std::vector<PostgresTarget> find_targets(const PostgresSettings& settings,
                                         std::size_t host, Status* status) {
  const PostgresHost& where = settings.hosts[host];
  const bool is_folder =
      where.name.starts_with('/') || where.name.starts_with('@');
  if (!where.address.empty()) return {{host, where.address}};
  if (where.name.empty() || is_folder || is_numeric(where.name)) {
    return {{host, ""}};
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(where.name.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    *status = Status(Code::unavailable, "cannot find the address of " +
                                            quoted(where.name) + ": " +
                                            ::gai_strerror(error));
    return {};
  }
  std::vector<PostgresTarget> targets;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    char numeric[NI_MAXHOST];
    if (::getnameinfo(it->ai_addr, it->ai_addrlen, numeric, sizeof(numeric),
                      nullptr, 0, NI_NUMERICHOST) == 0) {
      targets.push_back({host, numeric});
    }
  }
  ::freeaddrinfo(found);
  return targets;
}

PGconn* establish(const PostgresSettings& settings,
                  const PostgresTarget& target, bool with_options,
                  const Interrupt& interrupt, Status* status) {
  const PostgresHost& where = settings.hosts[target.host];
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const std::string& value) {
    if (value.empty()) return;
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  };
  const std::string options =
      with_options ? startup_options(settings) : std::string();
  for (const auto& [keyword, value] : settings.parameters) {
    add(keyword.c_str(), value);
  }
  add("host", where.name);
  add("hostaddr", target.address);
  add("port", where.port);
  add("options", options);
  keywords.push_back(nullptr);
  values.push_back(nullptr);

  const auto fail = [&](PGconn* connection, const std::string& why) {
    *status = Status(Code::unavailable, why);
    PQfinish(connection);
    return nullptr;
  };
  PGconn* connection = PQconnectStartParams(keywords.data(), values.data(), 0);
  if (connection == nullptr) return fail(nullptr, "there is no memory");
  PQsetNoticeReceiver(connection, &ignore_notice, nullptr);
  // Otherwise libpq would wait for a server that does not read.
  PQsetnonblocking(connection, 1);
  limit_buffer(PQsocket(connection));
  const Deadline deadline = Steady::now() + settings.connect_timeout;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  std::size_t received = 0;
  while (PQstatus(connection) != CONNECTION_BAD) {
    const auto left =
        std::chrono::ceil<milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) {
      return fail(connection,
                  "no answer within " +
                      std::to_string(settings.connect_timeout.count()) +
                      " ms (connect_timeout_ms)");
    }
    pollfd waiting[] = {
        {PQsocket(connection),
         static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT),
         0},
        {interrupt.wake, POLLIN, 0}};
    ::poll(waiting, 2, static_cast<int>(left));
    if (interrupt.stopping.load(std::memory_order_acquire))
      return fail(connection, "stopped");
    if (waiting[1].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t got =
          ::read(interrupt.wake, &count, sizeof(count));
    }
    if (waiting[0].revents == 0) continue;
    const std::size_t before = readable_bytes(PQsocket(connection));
    state = PQconnectPoll(connection);
    if (state == PGRES_POLLING_OK) return connection;
    if (state == PGRES_POLLING_FAILED) break;
    received += bytes_taken(PQsocket(connection), before);
    if (received > kMostAtStart) {
      return fail(connection, "the server sent more than 64 KiB at the start");
    }
  }
  return fail(connection, in_one_line(PQerrorMessage(connection)));
}

}  // namespace stogger
