// A sink in a module: sends each event as a datagram that holds it as a line of
// JSON.
//
// Options: host (an IPv4 address), port (required), max_bytes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stogger/sink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

namespace stogger {
namespace {

Status failed(const char* what) {
  return Status(Code::unavailable, std::string(what) + ": " +
                                       std::system_category().message(errno));
}

class UdpSink final : public Sink {
 public:
  UdpSink(std::string target, const sockaddr_in& address, std::size_t most)
      : target_(std::move(target)), address_(address), max_bytes_(most) {}
  ~UdpSink() override { disconnect(); }

  // One column: the event as a line, with "\n" at its end.
  RowForm form() const noexcept override { return RowForm::json; }
  std::string_view target() const noexcept override { return target_; }

  Status open() override {
    disconnect();
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return failed("cannot make a socket");
    const auto* const address = reinterpret_cast<const sockaddr*>(&address_);
    if (::connect(socket_, address, sizeof address_) == 0) return {};
    Status status = failed("there is no way to the address");
    disconnect();
    return status;
  }

  // Connecting a socket of datagrams sends nothing.
  Status check(CheckFindings&) override {
    Status status = open();
    disconnect();
    return status;
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      const std::string_view line = rows.at(row, 0).text();
      if (line.size() > max_bytes_) {
        report.refuse(row, "its line has " + std::to_string(line.size()) +
                               " bytes, which is more than max_bytes");
      } else if (::send(socket_, line.data(), line.size(), 0) < 0) {
        return failed("cannot send");
      } else {
        ++written_;
      }
    }
    return {};
  }

  Status close() override {
    disconnect();
    return {};
  }
  // Closing the child's copy of a descriptor changes nothing for the parent.
  void abandon() noexcept override { disconnect(); }

  // It may fail when a part of a batch is sent.
  bool tally(Tally* tally) const noexcept override {
    tally->written = written_;
    return true;
  }

 private:
  void disconnect() noexcept {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  const std::string target_;
  const sockaddr_in address_;
  const std::size_t max_bytes_;
  int socket_ = -1;
  std::uint64_t written_ = 0;
};

}  // namespace

// In this namespace, and under the name that CMakeLists.txt gives.
Status make_udp_sink(Options& options, SinkPtr* sink) {
  const std::string host(options.text("host", "127.0.0.1"));
  if (!options.has("port")) options.problem("port", "is required");
  const std::int64_t port = options.integer("port", 1, 1, 65535);
  const std::int64_t max_bytes = options.integer("max_bytes", 1400, 1, 65507);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    options.problem("host", "must be an IPv4 address, such as 127.0.0.1");
  }
  Status status = options.finish();
  if (!status.ok()) return status;
  if (options.for_samples()) {
    return Status(Code::invalid, "it takes events, and no samples");
  }
  sink->reset(new UdpSink(host + ":" + std::to_string(port), address,
                          static_cast<std::size_t>(max_bytes)));
  return {};
}

}  // namespace stogger
