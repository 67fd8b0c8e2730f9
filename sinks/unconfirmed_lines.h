// UnconfirmedLines: a copy of what was written to a file since the path was
// last seen to lead to it. If the file turns out to have been deleted before,
// the lines are nowhere, and have to be written again, to the file that took
// its place.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/buffer.h"

namespace stogger {

class UnconfirmedLines {
 public:
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
  // They have to be written again, before anything else.
  void lose() noexcept { lost_ = !lines_.empty(); }
  bool are_lost() const noexcept { return lost_; }
  // Done, but the file that they are in now may go, too.
  void recover() noexcept { lost_ = false; }

 private:
  // Of events of 200 bytes these are as many as half a millisecond brings.
  static constexpr std::size_t kMost = 32 * 1024;

  Buffer lines_;
  bool lost_ = false;
};

}  // namespace stogger
