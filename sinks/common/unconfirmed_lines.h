// UnconfirmedLines: a copy of what was written to a file since the path was
// last seen to lead to it. When the path leads elsewhere, this decides which of
// these lines may be nowhere, and have to be written again, to the file that
// took its place:
//
// - All of them, if the file was deleted and then written to.
// - Those that came late, which is half a millisecond or more after that look,
//   if the file is deleted within five seconds of the last write to it: the
//   program that compresses what was moved away may have read it to its end
//   before. As long as such a file is only moved, it is kept open and looked at
//   again, until that time is over, or until the path leads elsewhere once
//   more.
//
// Nothing comes late to files that rotation moves, unless they are compressed:
// no program waits for them.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/are_apart.h"
#include "base/buffer.h"
#include "base/real_time.h"
#include "os/descriptor.h"
#include "stogger/value.h"

namespace stogger {

class UnconfirmedLines {
 public:
  // From the last read of a program that compresses until it deletes the file,
  // in nanoseconds.
  static constexpr std::int64_t kPatience = std::int64_t{5} * 1000000000;

  // For a new file. Memory is allocated now, so that it is not later on.
  // `lines_may_be_late`: what reads the file once it was moved deletes it then.
  void start(bool lines_may_be_late);

  // Precedes a look at the path, and the opening of it: a thread may have to
  // wait between a system call and whatever it does next.
  void begin_look() noexcept { looked_ = real_time(); }
  // The path led to this file in that look: all lines are safe.
  void confirm(const struct stat& file) {
    seen_ = looked_;
    clear();
    if (!left_lines_.empty()) check_left(file);
  }

  // Follows the write of these lines. False if they are too long to be kept:
  // then the path has to be looked at now, and if it does not lead to the file,
  // keep() has to follow.
  bool add(std::string_view lines) noexcept {
    note_time();
    if (lines.size() > kMostAtOnce ||
        lines_.capacity() - lines_.size() < lines.size())
      return false;
    char* const start = lines_.data() + lines_.size();
    std::memcpy(start, lines.data(), lines.size());
    lines_.advance_to(start + lines.size());
    return true;
  }
  void keep(std::string_view lines) { lines_.append(lines); }
  bool has_room(std::size_t bytes) const noexcept {
    return lines_.size() + bytes <= kMost;
  }
  bool empty() const noexcept { return lines_.empty(); }
  // Whether any came late.
  bool has_late() const noexcept { return late_from_ < lines_.size(); }

  // The path does not lead to this file any more.
  void leave(int descriptor, const struct stat& identity);
  // Whether the file that was left has been deleted since.
  void check_left();
  // Nobody will look at that file again. Waits a little for its deletion: what
  // has read it to its end is about to delete it. 50 ms at most.
  void end_watch();

  // What has to be written again, before anything else.
  bool are_lost() const noexcept { return !lost_.empty(); }
  std::string_view lost() const noexcept { return lost_.view(); }
  // That was done, but the file that they are in now may go, too.
  void recover();

  // The file was closed, and nothing is lost: gives the memory back.
  void end() noexcept {
    clear();
    lines_.recycle(0);
  }

  // In a child after fork(): the parent has them.
  void abandon() noexcept;

 private:
  // Of events of 200 bytes these are as many as a millisecond brings; the last
  // of them are late, and need no clock.
  static constexpr std::size_t kMost = 256 * 1024;
  // A look at the path, 1.1 us, takes no longer than to copy more.
  static constexpr std::size_t kMostAtOnce = 32 * 1024;
  // A program that compresses takes longer than this from the rename to its
  // last read: gzip 0.8 ms until it has deleted an empty file.
  static constexpr std::int64_t kLate = 500000;  // nanoseconds

  // If the clock was set meanwhile, lines count as late that are not.
  void note_time() noexcept {
    if (late_from_ == kNone && lines_may_be_late_ &&
        are_apart(real_time(), seen_, kLate)) {
      late_from_ = lines_.size();
    }
  }
  void clear() noexcept {
    lines_.clear();
    late_from_ = kNone;
  }
  void check_left(const struct stat& file);
  void lose_left();
  void forget_left() noexcept;
  static constexpr std::size_t kNone = SIZE_MAX;

  Buffer lines_;
  std::size_t late_from_ = kNone;  // where in lines_ the late ones begin
  bool lines_may_be_late_ = true;
  Time looked_;
  Time seen_;
  Descriptor left_;  // the file that was left
  struct stat left_identity_ = {};
  Buffer left_lines_;  // those that are lost if it is deleted soon
  Buffer lost_;
};

}  // namespace stogger
