// EventTarget: where loggers hand their calls to. The one way out of event/.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "event/logger_level.h"
#include "stogger/clock.h"
#include "stogger/log.h"

namespace stogger {

// Counted references: the owner and every logger hold one.
class EventTarget {
 public:
  EventTarget() = default;
  EventTarget(const EventTarget&) = delete;
  EventTarget& operator=(const EventTarget&) = delete;

  // A null logger is the unnamed one, without fields. Never throws, whatever
  // the sinks do.
  virtual void deliver(const detail::LoggerRep* logger,
                       const detail::Call& call) noexcept = 0;
  // The same of an event that happened at that time.
  virtual void deliver_at(Time time, const detail::LoggerRep* logger,
                          const detail::Call& call) noexcept = 0;
  // True if this thread is inside of one of these two, of whatever target.
  virtual bool is_delivering() const noexcept = 0;
  virtual Clock* clock() noexcept = 0;
  // Below it, no sink takes an event. Lives as long as the target.
  virtual const std::int32_t* threshold() const noexcept = 0;

  // The level of the loggers of that name, which is not empty, for one that is
  // being made. May throw std::bad_alloc.
  virtual LoggerLevel* take_level(std::string_view name) = 0;
  virtual void release_level(LoggerLevel* level) noexcept = 0;

  void retain() noexcept {
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  virtual ~EventTarget() = default;

 private:
  std::atomic<std::int64_t> references_{1};
};

// The target of the default system. Made on first use, never destroyed.
EventTarget& default_target() noexcept;

}  // namespace stogger
