// SinkEvents: that a sink of a system fails or works again, on its way to the
// other sinks of the system, as events.
//
// Outlets post under their locks, where no other sink may be called; the hub
// takes what was posted when it holds no lock of a sink.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "deliver/ticker.h"
#include "event/event.h"
#include "stogger/log.h"
#include "stogger/value.h"

namespace stogger {

struct SinkEvent {
  Time time;
  std::string sink;
  std::string type;
  bool has_recovered = false;
  std::string reason{};       // of the failure
  double after_s = 0;         // of the recovery
  std::uint64_t dropped = 0;  // until then
};

// The event, whose fields are put into `fields`.
struct SinkEventFields {
  Field at[4];
};
Event make_event(const SinkEvent& said, SinkEventFields& fields) noexcept;

class SinkEvents {
 public:
  explicit SinkEvents(Ticker& ticker) noexcept : ticker_(ticker) {}

  // Whether anything is to be posted. If not, what was is forgotten.
  void enable(bool is_on) noexcept;
  // From any thread. `by_worker`: no call is under way whose end would take it,
  // so the ticker does. False if nothing is to be posted, or without memory.
  bool post(SinkEvent event, bool by_worker) noexcept;
  // Costs a load. What is posted meanwhile is seen by the thread that posts it.
  bool is_pending() const noexcept {
    return is_pending_.load(std::memory_order_relaxed);
  }
  std::vector<SinkEvent> take() noexcept;

  // Around fork(), after the outlets. What is pending is the parent's.
  void before_fork() noexcept { mutex_.lock(); }
  void after_fork_in_parent() noexcept { mutex_.unlock(); }
  void after_fork_in_child() noexcept;

 private:
  std::atomic<bool> is_pending_{false};
  bool is_on_ = true;
  std::mutex mutex_;  // of what follows, and of changes to the above
  std::vector<SinkEvent> posted_;
  Ticker& ticker_;
};

}  // namespace stogger
