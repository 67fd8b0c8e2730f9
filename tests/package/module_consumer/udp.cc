// Logs through the module of examples/udp_module, and takes the datagrams:
//   linked | loaded
// What its name says is how the sink must have come in.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stogger/log.h>
#include <stogger/system.h>
#include <sys/socket.h>

#include <string>

#include "check.h"

int main(int, char** argv) {
  const bool linked = std::string(argv[0]).ends_with("linked");
  const int receiver = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  require(::bind(receiver, name, size) == 0 &&
              ::getsockname(receiver, name, &size) == 0,
          "no socket to receive with");

  stogger::System system;
  const stogger::Status status = system.load_text(
      "[stogger]\nlog_to_console = false\n[stogger.sinks.net]\ntype = \"udp\"\n"
      "max_bytes = 200\nport = " +
          std::to_string(ntohs(address.sin_port)) + "\n",
      "udp.toml");
  require(status.ok(), std::string(status.message()));
  require(is_in_memory("stogger_udp.so") != linked,
          "the sink came in the wrong way");

  const std::string long_text(300, 'x');
  system.logger().info("too-long", {{"text", long_text}});
  system.logger().info("sent", {{"n", 42}});
  const stogger::Stats stats = system.stats();
  const stogger::SinkStats* const net = stats.find("net");
  require(net != nullptr && net->written == 1 && net->dropped == 1,
          "it does not count as it should");
  char line[1000];
  const ssize_t got = ::recv(receiver, line, sizeof line, MSG_DONTWAIT);
  const std::string text(line, got > 0 ? static_cast<std::size_t>(got) : 0);
  require(text.find("\"event\":\"sent\"") != std::string::npos &&
              text.ends_with("\"n\":42}\n"),
          "this came: " + text);
  return 0;
}
