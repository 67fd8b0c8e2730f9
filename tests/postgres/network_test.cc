// Networks that swallow packets, and names that nobody looks up.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fixture.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;

// A network of this thread's own, and of those it starts from here on, with
// nothing but a loopback interface.
class OwnNetwork {
 public:
  OwnNetwork()
      : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (before_ == -1 || ::unshare(CLONE_NEWNET) != 0) {
      why_not_ = std::string("no network namespace can be had: ") +
                 std::strerror(errno);
      return;
    }
    entered_ = true;
    if (!run("ip link set lo up")) why_not_ = "the command ip does not work";
  }
  ~OwnNetwork() {
    if (entered_) ::setns(before_, CLONE_NEWNET);
    ::close(before_);
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;

  const std::string& why_not() const { return why_not_; }

  static bool run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }

 private:
  const int before_;
  bool entered_ = false;
  std::string why_not_;
};

class Network : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    network_ = std::make_unique<OwnNetwork>();
    SKIP_IF(network_->why_not());
  }

  // A server at the other end of a cable.
  std::string connect_to_server() {
    start_server({.access = {"host all all all trust"},
                  .own_network = true,
                  .listen = "10.99.0.2"});
    guard_ = std::to_string(server().guard());
    const bool fine =
        OwnNetwork::run("ip link add here type veth peer name there netns " +
                        guard_) &&
        OwnNetwork::run("ip address add 10.99.0.1/24 dev here") &&
        OwnNetwork::run("ip link set here up") &&
        run_there("ip address add 10.99.0.2/24 dev there") &&
        run_there("ip link set there up") && run_there("ip link set lo up");
    if (!fine) return "no pair of interfaces (veth) can be had";
    server().start();
    dsn_ = "host=10.99.0.2 port=" + std::to_string(server().port()) +
           " user=postgres dbname=postgres";
    return {};
  }
  // Runs a command where the server is.
  bool run_there(const std::string& command) {
    return OwnNetwork::run("nsenter --net=/proc/" + guard_ + "/ns/net " +
                           command);
  }

  std::string dsn_;

 private:
  std::unique_ptr<OwnNetwork> network_;
  std::string guard_;
};

TEST_F(Network, ABlackHoleIsWaitedForOnce) {
  SKIP_IF(connect_to_server());
  ASSERT_OK(add({{"dsn", dsn_}}));
  log(3);
  // Packets arrive there, and no answer leaves.
  ASSERT_TRUE(run_there("ip route add blackhole 10.99.0.1/32"));
  expect_bounded();
  EXPECT_EQ(stats().in_doubt, 1u);
  const auto end = std::chrono::steady_clock::now() + 2s;
  while (std::chrono::steady_clock::now() < end) {
    expect_quick(100);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(stats().in_doubt, 1u);
  ASSERT_TRUE(run_there("ip route del blackhole 10.99.0.1/32"));
  EXPECT_TRUE(recovers()) << reports();
  log(5);
  expect_balanced();
}

TEST_F(Network, AnUnpluggedCableIsNoticedAndPluggedInAgain) {
  SKIP_IF(connect_to_server());
  ASSERT_OK(add({{"dsn", dsn_}}));
  log(3);
  ASSERT_TRUE(OwnNetwork::run("ip link set here down"));
  expect_bounded();
  expect_quick();
  ASSERT_TRUE(OwnNetwork::run("ip link set here up"));
  EXPECT_TRUE(recovers()) << reports();
  log(5);
  expect_balanced();
}

TEST_F(Network, ABlackHoleAtTheStartDelaysItALittle) {
  SKIP_IF(connect_to_server());
  ASSERT_TRUE(run_there("ip route add blackhole 10.99.0.1/32"));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(
      add({{"dsn", dsn_}, {"start_wait_ms", 300}, {"connect_timeout_ms", 500}})
          .ok());
  EXPECT_LE(in_milliseconds(std::chrono::steady_clock::now() - start),
            300 + in_milliseconds(kGrace + kNoise));
  expect_quick();
  ASSERT_TRUE(run_there("ip route del blackhole 10.99.0.1/32"));
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
}

// Stands where the machine's name servers are, and is silent until it is told
// to answer: every name is then that of 127.0.0.1.
class NameServer {
 public:
  NameServer() {
    std::ifstream file("/etc/resolv.conf");
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string word;
      std::string address;
      if (words >> word >> address && word == "nameserver") listen_on(address);
    }
    if (polls_.empty()) listen_on("127.0.0.1");
    thread_ = std::thread([this] { work(); });
  }
  ~NameServer() {
    end_ = true;
    thread_.join();
    for (const pollfd& poll : polls_) ::close(poll.fd);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  void set_answering(bool answering) { answering_ = answering; }
  int asked() const { return asked_; }

 private:
  void listen_on(const std::string& text) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) return;
    OwnNetwork::run("ip address add " + text + "/32 dev lo");
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address),
               sizeof address) != 0) {
      ::close(socket);
      return;
    }
    polls_.push_back({socket, POLLIN, 0});
  }

  void work() {
    while (!end_) {
      if (::poll(polls_.data(), polls_.size(), 20) <= 0) continue;
      for (const pollfd& poll : polls_) {
        if ((poll.revents & POLLIN) != 0) answer(poll.fd);
      }
    }
  }

  void answer(int socket) {
    char message[1024];
    sockaddr_in from = {};
    socklen_t from_size = sizeof from;
    const ssize_t size =
        ::recvfrom(socket, message, 512, 0, reinterpret_cast<sockaddr*>(&from),
                   &from_size);
    ++asked_;
    if (!answering_ || size < 17) return;
    // The question: labels, each with its length before it, type and class.
    std::size_t end = 12;
    const auto length = static_cast<std::size_t>(size);
    while (end < length && message[end] != 0) {
      end += static_cast<unsigned char>(message[end]) + 1u;
    }
    end += 5;
    if (end > length) return;
    const bool is_address = message[end - 3] == 1;  // and not AAAA
    std::memcpy(message + 2, "\x81\x80\0\1\0\0\0\0\0\0", 10);
    if (is_address) {
      message[7] = 1;
      std::memcpy(message + end, "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1", 16);
      end += 16;
    }
    ::sendto(socket, message, end, 0, reinterpret_cast<sockaddr*>(&from),
             from_size);
  }

  std::vector<pollfd> polls_;
  std::atomic<bool> end_{false};
  std::atomic<bool> answering_{false};
  std::atomic<int> asked_{0};
  std::thread thread_;
};

class Names : public Network {
 protected:
  void SetUp() override {
    // As a resolver that gives up soon.
    ::setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    Network::SetUp();
    if (IsSkipped()) return;
    names_ = std::make_unique<NameServer>();
    names_->set_answering(true);
    addrinfo* found = nullptr;
    const int failed =
        ::getaddrinfo("try.stogger.test", nullptr, nullptr, &found);
    if (failed == 0) ::freeaddrinfo(found);
    names_->set_answering(false);
    if (failed != 0) {
      GTEST_SKIP() << "names are not looked up by DNS here: "
                   << ::gai_strerror(failed);
    }
    dsn_ = "host=db.stogger.test port=" + std::to_string(server().port()) +
           " user=postgres dbname=postgres";
  }
  ~Names() override { ::unsetenv("RES_OPTIONS"); }

  std::unique_ptr<NameServer> names_;
};

TEST_F(Names, ThatAreNotFoundForLongKeepNobodyWaiting) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(add({{"dsn", dsn_}, {"start_wait_ms", 200}}).ok());
  EXPECT_LE(in_milliseconds(std::chrono::steady_clock::now() - start),
            200 + in_milliseconds(kGrace + kNoise));
  const auto end = std::chrono::steady_clock::now() + 2s;
  while (std::chrono::steady_clock::now() < end) {
    expect_quick(100);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_GT(names_->asked(), 0);
  names_->set_answering(true);
  EXPECT_TRUE(recovers()) << reports();
  log(5);
  expect_balanced();
}

TEST_F(Names, ThatAreNotFoundDoNotHoldUpTheEnd) {
  EXPECT_FALSE(add({{"dsn", dsn_}, {"start_wait_ms", 50}}).ok());
  const auto start = std::chrono::steady_clock::now();
  static_cast<void>(system().close());
  EXPECT_LE(in_milliseconds(std::chrono::steady_clock::now() - start),
            1000 + in_milliseconds(kNoise));
}

}  // namespace
}  // namespace stogger
