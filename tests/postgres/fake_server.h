// FakeServer: speaks PostgreSQL's protocol as a test wants it to, and counts
// what its clients take. Recorder: what a real server says.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/temp_folder.h"

namespace stogger {

// A socket that is listened to: `.s.PGSQL.5432` in the folder, or a port of
// 127.0.0.1 if there is none.
class Listener {
 public:
  explicit Listener(const std::string& folder);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Waits a moment; -1 if nobody came.
  int accept() const;
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 5432;
};

// A client's turn ends when it waits for an answer: after its start-up message,
// a password, a query, a Sync, or the end of a COPY.
struct Turn {
  int connection = 0;  // counted from 0
  int number = 0;      // counted from 0, which is the start-up message
};

struct Play {
  std::string bytes = {};
  std::string endless = {};            // again and again after them
  std::size_t piece = 0;               // at a time; 0: all
  std::chrono::microseconds pause{0};  // after each piece
  bool closes = false;                 // after all that
};

class FakeServer {
 public:
  using Script = std::function<Play(const Turn&)>;
  enum class Way { unix_socket, tcp };

  // The script is called by threads of the server.
  explicit FakeServer(Script script, Way way = Way::unix_socket);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::string dsn(std::string_view more = "") const;
  int port() const { return listener_.port(); }
  int connections() const { return connections_; }
  // The most that one connection has taken, what the kernel holds included.
  std::size_t most_taken() const { return most_taken_; }
  // All that clients have said.
  std::string heard() const;

 private:
  void serve();
  void talk(int socket, int connection);
  bool take_turn(int socket, std::string* input, bool* is_started);
  bool perform(int socket, const Play& play, std::size_t* taken);
  bool send(int socket, std::string_view bytes, std::size_t* taken);

  const Script script_;
  const Way way_;
  TempFolder folder_;
  Listener listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::atomic<std::size_t> most_taken_{0};
  mutable std::mutex mutex_;
  std::string heard_;
  std::vector<std::thread> talks_;  // of the serving thread
  std::thread thread_;
};

// Stands between a client and the Unix socket of a real server, and keeps the
// server's answer to each turn of the first client.
class Recorder {
 public:
  explicit Recorder(std::string server_folder, int server_port);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  std::string dsn() const;
  // After the client is gone.
  std::vector<std::string> turns();

 private:
  void relay();

  const std::string server_;
  TempFolder folder_;
  Listener listener_;
  std::string said_;
  std::thread thread_;
};

}  // namespace stogger
