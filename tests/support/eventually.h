// Waits for something that another thread or process does.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace stogger {

// False after a minute, for the machine may be busy.
inline bool eventually(const std::function<bool()>& is_true) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace stogger
