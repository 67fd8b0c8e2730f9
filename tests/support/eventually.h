// Waits for something that another thread or process does.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace stogger {

// False after ten seconds.
inline bool eventually(const std::function<bool()>& is_true) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace stogger
