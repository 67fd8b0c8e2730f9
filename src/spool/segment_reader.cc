#include "spool/segment_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace stogger {
namespace {

constexpr std::size_t kChunk = 256 * 1024;
// No file of ours has more behind any place in it.
constexpr std::size_t kMostRest = (std::size_t{32} << 20) + kLargestPayload;

}  // namespace

SegmentReader::Opened SegmentReader::open(const Folder& folder,
                                          const std::string& name,
                                          const QueueId& queue,
                                          std::uint64_t first) {
  file_.reset();
  int descriptor = -1;
  int error = 0;
  const Status status = folder.open_file(
      name, O_RDONLY, Folder::Creation::never, 0, &descriptor, &error);
  file_.reset(descriptor);
  errno = error;
  if (error == ENOENT) return Opened::gone;
  if (!status.ok()) return Opened::not_now;
  first_ = last_ = first;
  chunk_.clear();
  at_ = 0;
  loaded_ = 0;
  const Load head = load(kSegmentHeadSize);
  if (head == Load::not_now) {
    const int why = errno;
    file_.reset();
    errno = why;
    return Opened::not_now;
  }
  QueueId found_queue;
  std::uint64_t found_first = 0;
  if (head == Load::end ||
      !read_segment_head(unread(), &found_queue, &found_first) ||
      found_queue != queue || found_first != first) {
    file_.reset();
    return Opened::foreign;
  }
  at_ = kSegmentHeadSize;
  return Opened::yes;
}

// Has at least so many unread bytes in memory.
SegmentReader::Load SegmentReader::load(std::size_t bytes) {
  chunk_.consume(at_);
  at_ = 0;
  while (chunk_.size() < bytes) {
    const std::size_t part = std::max(kChunk, bytes - chunk_.size());
    char* const room = chunk_.reserve(part);
    const ssize_t got =
        ::pread(file_.get(), room, part, static_cast<off_t>(loaded_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Load::not_now;
    if (got == 0) return Load::end;
    chunk_.advance_to(room + got);
    loaded_ += static_cast<std::uint64_t>(got);
  }
  return Load::yes;
}

SegmentReader::Next SegmentReader::next(QueueRecord* record) {
  damage_ = 0;
  while (true) {
    std::size_t size = 0;
    switch (read_segment_record(unread(), last_, record, &size)) {
      case SegmentPart::record:
        at_ += size;
        last_ = record->position;
        return Next::record;
      case SegmentPart::damaged:
        return find_next(false);
      case SegmentPart::more:
        break;
    }
    const Load loaded = load(size);
    if (loaded == Load::not_now) return Next::not_now;
    if (loaded == Load::end) {
      return unread().empty() ? Next::end : find_next(true);
    }
  }
}

// The next bytes are no record; or the file ends in the middle of it, unless
// there is one behind it.
SegmentReader::Next SegmentReader::find_next(bool is_torn) {
  Load loaded = Load::yes;
  while (loaded == Load::yes && unread().size() < kMostRest) {
    loaded = load(unread().size() + 1);
  }
  if (loaded == Load::not_now) return Next::not_now;
  damage_ = find_segment_record(unread(), last_);
  return is_torn && damage_ == unread().size() ? Next::torn : Next::damaged;
}

}  // namespace stogger
