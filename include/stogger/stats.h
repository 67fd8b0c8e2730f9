// Stats: what has become of every event, sink by sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stogger/export.h"

namespace stogger {

// At every moment
//   accepted == written + dropped + dead_lettered + in_doubt + pending.
struct SinkStats {
  std::string_view name;  // as configured; lives as long as the Stats
  std::string_view type;  // "file", "sqlite", ...

  std::uint64_t accepted = 0;       // events that passed the sink's level
  std::uint64_t written = 0;        // handed to the target
  std::uint64_t dropped = 0;        // lost: refused, or the target failed
  std::uint64_t dead_lettered = 0;  // refused by the target, kept elsewhere
  std::uint64_t in_doubt = 0;       // sent, but the answer never came
  std::uint64_t pending = 0;        // on their way, or in a buffer

  // Of the pending ones, those that a durable sink has on disk because its
  // target does not get on, and the bytes that they take there. Events that
  // another process has left are counted as accepted when they are read; their
  // bytes are counted from the start.
  std::uint64_t spooled = 0;
  std::uint64_t spooled_bytes = 0;
  // How long the oldest event in a queue has been there, in seconds; 0 if there
  // is none.
  double oldest_pending_s = 0;

  // Calls to open, write or flush that failed, or in which a row was refused.
  std::uint64_t failed = 0;
  std::uint64_t sanitized = 0;  // values in which bad bytes were replaced
  bool failing = false;         // the target failed when it was last tried
};

// A snapshot that owns its memory. Move-only.
class STOGGER_API Stats {
 public:
  Stats() noexcept = default;
  Stats(Stats&& other) noexcept
      : sinks_(other.sinks_),
        size_(other.size_),
        suppressed_(other.suppressed_) {
    other.sinks_ = nullptr;
    other.size_ = 0;
  }
  Stats& operator=(Stats&& other) noexcept;
  ~Stats();

  std::size_t size() const noexcept { return size_; }
  const SinkStats* begin() const noexcept { return sinks_; }
  const SinkStats* end() const noexcept { return sinks_ + size_; }
  // The sink of that name; null if there is none.
  const SinkStats* find(std::string_view name) const noexcept;

  // Events that [[stogger.limits]] left out, before they came to any sink.
  std::uint64_t suppressed() const noexcept { return suppressed_; }

 private:
  friend class StatsBuilder;
  SinkStats* sinks_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace stogger
