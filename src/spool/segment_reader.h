// SegmentReader: the records of one segment, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/buffer.h"
#include "os/descriptor.h"
#include "os/folder.h"
#include "spool/queue_id.h"
#include "spool/segment.h"

namespace stogger {

class SegmentReader {
 public:
  enum class Opened : unsigned char {
    yes,
    gone,     // there is no such file
    foreign,  // it has not got the head of this segment
    not_now,  // it cannot be read: errno says why
  };
  // A segment of that queue that begins at the position `first`.
  Opened open(const Folder& folder, const std::string& name,
              const QueueId& queue, std::uint64_t first);
  bool is_open() const noexcept { return static_cast<bool>(file_); }
  // Of the file that is open.
  std::uint64_t first() const noexcept { return first_; }
  void close() noexcept { file_.reset(); }

  enum class Next : unsigned char {
    record,
    end,      // so far; there may be more later
    torn,     // it ends in the middle of a record
    damaged,  // the next bytes, damage(), are none
    not_now,  // it cannot be read: errno says why
  };
  // The record is valid until the next call. May throw std::bad_alloc; then
  // the next call says the same as this one would have.
  Next next(QueueRecord* record);
  // Where the last record that was read ends; first() before that.
  std::uint64_t last() const noexcept { return last_; }
  std::span<const std::byte> damage() const noexcept {
    return unread().first(damage_);
  }
  // Goes on behind it.
  void leave_out_damage() noexcept { at_ += damage_; }
  // Where in the file the next record, or damage(), begins.
  std::uint64_t offset() const noexcept { return loaded_ - unread().size(); }

 private:
  enum class Load : unsigned char { yes, end, not_now };

  std::span<const std::byte> unread() const noexcept {
    return std::as_bytes(std::span(chunk_.data(), chunk_.size())).subspan(at_);
  }
  Load load(std::size_t bytes);
  Next find_next(bool is_torn);

  Descriptor file_;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  Buffer chunk_;
  std::size_t at_ = 0;        // what was read of the chunk
  std::uint64_t loaded_ = 0;  // where in the file the chunk ends
  std::size_t damage_ = 0;
};

}  // namespace stogger
