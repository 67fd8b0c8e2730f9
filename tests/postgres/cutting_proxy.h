// CuttingProxy: stands before a server, and can take away its answer to a
// commit.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fake_server.h"

namespace stogger {

class CuttingProxy {
 public:
  // In front of that port of 127.0.0.1.
  explicit CuttingProxy(int port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  // The next time that the server says that it has stored rows, for good, both
  // ends are closed instead of passing that on.
  void cut() { cuts_ = true; }
  bool has_cut() const { return !cuts_; }
  int port() const { return listener_.port(); }

 private:
  void serve();
  void relay(int client);

  const int port_;
  Listener listener_{""};
  std::atomic<bool> cuts_{false};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> relays_;
  std::thread thread_;
};

}  // namespace stogger
