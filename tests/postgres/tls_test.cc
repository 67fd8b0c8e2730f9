// Servers that answer within TLS and ask for more than they should, and the end
// of a program that is busy with one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/postgres/fixture.h"
#include "tests/support/processes.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;

// Asks each client for a hash of so many rounds, in pieces of so many bytes,
// and waits for it. With no rounds, it asks for a certificate of the client's.
constexpr char kServer[] = R"(
import base64, socket, ssl, struct, sys, threading
certificate, key, rounds, piece = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if rounds == '0':
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate)

def read(client, size):
    data = b''
    while len(data) < size:
        more = client.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data

def request(kind, body):
    return b'R' + struct.pack('>II', len(body) + 8, kind) + body

# What was sent may be lost if the socket is closed before all has been read.
def drain(raw):
    try:
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass
    except OSError:
        pass

def talk(client):
    raw = client
    try:
        while True:
            size, code = struct.unpack('>II', read(client, 8))
            read(client, size - 8)
            if code != 80877103:
                break
            client.sendall(b'S')
            raw = client.dup()
            client = context.wrap_socket(client, server_side=True)
        client.sendall(request(10, b'SCRAM-SHA-256\0\0'))
        size, = struct.unpack('>xI', read(client, 5))
        nonce = read(client, size - 4).split(b'r=')[1]
        challenge = request(11, b'r=' + nonce + b'x,s=' +
                            base64.b64encode(b'salt') + b',i=' +
                            rounds.encode())
        step = int(piece) or len(challenge)
        for i in range(0, len(challenge), step):
            client.sendall(challenge[i:i + step])
        client.recv(1)
    except (EOFError, OSError):
        drain(raw)

listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
while True:
    client = listener.accept()[0]
    threading.Thread(target=talk, args=(client,), daemon=True).start()
)";

class TlsServer {
 public:
  explicit TlsServer(int rounds, int piece = 0) {
    const std::string script = folder_.file("server.py");
    write_file(script, kServer);
    const std::string key = folder_.file("key");
    const std::string certificate = folder_.file("certificate");
    const std::string command =
        "openssl req -new -x509 -days 30 -nodes -subj /CN=localhost -keyout " +
        key + " -out " + certificate + " >/dev/null 2>&1";
    int ends[2];
    if (std::system(command.c_str()) != 0 || ::pipe(ends) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::execlp("python3", "python3", script.c_str(), certificate.c_str(),
               key.c_str(), std::to_string(rounds).c_str(),
               std::to_string(piece).c_str(), nullptr);
      ::_exit(1);
    }
    ::close(ends[1]);
    const std::unique_ptr<FILE, int (*)(FILE*)> said(::fdopen(ends[0], "r"),
                                                     &std::fclose);
    if (std::fscanf(said.get(), "%d", &port_) != 1) port_ = 0;
  }
  ~TlsServer() {
    if (child_ > 0) kill_child(child_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string why_not() const {
    return port_ != 0 ? "" : "needs openssl, and python3 with its ssl";
  }
  std::string dsn() const {
    return "host=127.0.0.1 user=a password=b dbname=c sslmode=require port=" +
           std::to_string(port_);
  }

 private:
  TempFolder folder_;
  pid_t child_ = -1;
  int port_ = 0;
};

TEST(Tls, HashesAreNotComputedForHoursThere) {
  for (const int piece : {0, 1, 50}) {
    const TlsServer server(2'000'000'000, piece);
    SKIP_IF(server.why_not());
    const SinkPtr sink = make_postgres({{"dsn", server.dsn()},
                                        {"connect_timeout_ms", 10000},
                                        {"start_wait_ms", 10000}});
    EXPECT_THAT(std::string(sink->open().message()),
                HasSubstr("hashed more than a million times"))
        << piece;
  }
}

TEST(Tls, WhatTheServerSaysIsReportedAlsoAfterTheHandshake) {
  const TlsServer server(0);
  SKIP_IF(server.why_not());
  const SinkPtr sink = make_postgres({{"dsn", server.dsn()},
                                      {"connect_timeout_ms", 10000},
                                      {"start_wait_ms", 10000}});
  EXPECT_THAT(std::string(sink->open().message()),
              HasSubstr("certificate required"));
}

double seconds_of(clockid_t clock) {
  timespec time = {};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) / 1e9;
}

// Run by the tests below, as a program that ends while its connector's thread
// is inside OpenSSL.
TEST(Tls, DISABLED_Program) {
  const char* const dsn = ::getenv("STOGGER_TEST_DSN");
  ASSERT_NE(dsn, nullptr);
  // Runs after whatever OpenSSL has registered, and leaves its thread time.
  std::atexit([] { ::usleep(300000); });
  static Sink* const never_destroyed =
      make_postgres({{"dsn", dsn}, {"start_wait_ms", 1}}).release();
  static_cast<void>(never_destroyed->open());
  const auto others_have_used = [] {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID) -
           seconds_of(CLOCK_THREAD_CPUTIME_ID);
  };
  const double begin = others_have_used();
  while (others_have_used() - begin < 0.1) ::usleep(1000);
  std::exit(0);
}

TEST(Tls, AProgramEndsAsItShouldWhileItComputes) {
  if (kThreadsSanitized) GTEST_SKIP() << "the thread would be called a leak";
  const TlsServer server(1'000'000);
  SKIP_IF(server.why_not());
  ASSERT_EQ(::setenv("STOGGER_TEST_DSN", server.dsn().c_str(), 1), 0);
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command =
      program +
      " --gtest_also_run_disabled_tests --gtest_filter=Tls.*Program"
      " >/dev/null 2>&1";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(std::system(command.c_str()), 0);
  ::unsetenv("STOGGER_TEST_DSN");
}

// ---- The standard streams

class StandardStreams : public PostgresTest {};

// What the program prints must not reach the server.
TEST_F(StandardStreams, ThatAreClosedDoNotBecomeConnections) {
  SKIP_IF(kNoThreadsInChildren);
  const std::string dsn = server().dsn();
  EXPECT_TRUE(in_child([&] {
    for (const int stream : {0, 1, 2}) ::close(stream);
    const SinkPtr sink = make_postgres({{"dsn", dsn}});
    if (!sink->open().ok()) return false;
    for (const int stream : {0, 1, 2}) {
      struct stat info = {};
      if (::fstat(stream, &info) != 0 || !S_ISCHR(info.st_mode)) return false;
    }
    return true;
  }));
}

}  // namespace
}  // namespace stogger
