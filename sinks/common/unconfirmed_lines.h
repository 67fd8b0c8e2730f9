// UnconfirmedLines: a copy of what was written to a file since the path was
// last seen to lead to it. If the file turns out to have been deleted before,
// the lines are nowhere, and have to be written again, to the file that took
// its place. So have those whose write came late, to a file that had been moved
// away: a program may have compressed it already, and be about to delete it.
// That holds for files that others move, not for those that rotation moves.
#pragma once

#include <time.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/buffer.h"

namespace stogger {

class UnconfirmedLines {
 public:
  // The path led to the file just now.
  void see() noexcept { seen_ = now(); }
  // True if that was some milliseconds ago, as the thread had to wait in
  // between: enough for a program that compresses what was moved away.
  bool is_long_ago() const noexcept { return now() - seen_ > kLong; }

  // So that nothing is allocated later on.
  void reserve() { static_cast<void>(lines_.reserve(kMost)); }

  // False if the lines are too long to be kept: then whether they are lost has
  // to be found out at once.
  bool add(std::string_view lines) noexcept {
    if (lines_.capacity() - lines_.size() < lines.size()) return false;
    char* const start = lines_.data() + lines_.size();
    std::memcpy(start, lines.data(), lines.size());
    lines_.advance_to(start + lines.size());
    return true;
  }
  bool has_room(std::size_t bytes) const noexcept {
    return bytes <= kMost - lines_.size();
  }
  bool empty() const noexcept { return lines_.empty(); }
  std::string_view view() const noexcept { return lines_.view(); }

  // They are in a file that can be read, or another process has them.
  void clear() noexcept {
    lines_.clear();
    lost_ = false;
  }
  // The last ones, which somebody else sees to.
  void drop_last(std::size_t bytes) noexcept {
    lines_.truncate(lines_.size() - bytes);
  }
  // They have to be written again, before anything else.
  void lose() noexcept { lost_ = !lines_.empty(); }
  bool are_lost() const noexcept { return lost_; }
  // Done, but the file that they are in now may go, too.
  void recover() noexcept { lost_ = false; }

 private:
  // Of events of 200 bytes these are as many as half a millisecond brings.
  static constexpr std::size_t kMost = 32 * 1024;
  static constexpr std::int64_t kLong = 5000000;  // nanoseconds

  // To within a tick, and as cheap as a few instructions.
  static std::int64_t now() noexcept {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
  }

  Buffer lines_;
  std::int64_t seen_ = 0;
  bool lost_ = false;
};

}  // namespace stogger
