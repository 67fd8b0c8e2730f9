#include "tests/postgres/cutting_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace stogger {
namespace {

constexpr int kPollMs = 20;

// A command that stores rows is complete, and so is its transaction.
bool says_stored(std::string_view text) {
  using namespace std::string_view_literals;
  return text.ends_with("Z\0\0\0\5I"sv) &&
         (text.find("COPY ") != text.npos ||
          text.find("INSERT 0 ") != text.npos);
}

}  // namespace

CuttingProxy::CuttingProxy(int port)
    : port_(port), thread_([this] { serve(); }) {}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  thread_.join();
}

void CuttingProxy::serve() {
  while (!stopping_) {
    const int client = listener_.accept();
    if (client >= 0) relays_.emplace_back([this, client] { relay(client); });
  }
  for (std::thread& relay : relays_) relay.join();
}

void CuttingProxy::relay(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  bool fine = ::connect(server, reinterpret_cast<const sockaddr*>(&address),
                        sizeof address) == 0;
  while (fine && !stopping_) {
    pollfd waiting[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (::poll(waiting, 2, kPollMs) <= 0) continue;
    const bool from_client = waiting[0].revents != 0;
    char buffer[65536];
    const ssize_t size =
        ::recv(from_client ? client : server, buffer, sizeof buffer, 0);
    if (size <= 0) break;
    const auto length = static_cast<std::size_t>(size);
    if (!from_client && cuts_ && says_stored({buffer, length})) {
      cuts_ = false;
      break;
    }
    fine = ::send(from_client ? server : client, buffer, length,
                  MSG_NOSIGNAL) == size;
  }
  ::close(server);
  ::close(client);
}

}  // namespace stogger
