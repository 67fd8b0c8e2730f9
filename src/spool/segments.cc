#include "spool/segments.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "base/quote.h"
#include "os/file.h"

namespace stogger {
namespace {

constexpr std::string_view kSuffix = ".segment";
constexpr std::size_t kDigits = 16;
constexpr mode_t kMode = 0600;
constexpr std::size_t kChunk = 256 * 1024;
constexpr std::uint64_t kUnknown = UINT64_MAX;

std::span<const std::byte> bytes_of(const Buffer& buffer, std::size_t from) {
  return std::as_bytes(std::span(buffer.data() + from, buffer.size() - from));
}

// 0, or else errno.
int write_all(int file, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

void add_problem(std::string* problem, const std::string& what) {
  if (!problem->empty()) *problem += "; ";
  *problem += what;
}

}  // namespace

void QueueBatch::add(const QueueRecord& record) {
  const std::size_t start = bytes.size();
  const char* const before = bytes.data();
  // As aligned as it was.
  const std::size_t size = (record.bytes.size() + 7) & ~std::size_t{7};
  char* const room = bytes.reserve(size);
  std::memcpy(room, record.bytes.data(), record.bytes.size());
  bytes.advance_to(room + size);
  // The memory may be another one now.
  const char* const after = bytes.data();
  if (before != after) {
    std::size_t at = 0;
    for (QueueRecord& other : records) {
      const std::size_t length = other.bytes.size();
      other.bytes = std::as_bytes(std::span(after + at, length));
      at += (length + 7) & ~std::size_t{7};
    }
  }
  records.push_back(
      {std::as_bytes(std::span(after + start, record.bytes.size())),
       record.position});
}

std::string Segments::name_of(std::uint64_t first) {
  char digits[kDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(first));
  return std::string(digits) + std::string(kSuffix);
}

void Segments::find() {
  files_.clear();
  for (const std::string& name : folder_.names()) {
    File file;
    struct stat info;
    if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix) ||
        std::from_chars(name.data(), name.data() + kDigits, file.first, 16)
                .ptr != name.data() + kDigits ||
        !folder_.look_up(name, &info)) {
      continue;
    }
    file.size = static_cast<std::uint64_t>(info.st_size);
    files_.push_back(file);
  }
  std::sort(files_.begin(), files_.end(),
            [](const File& a, const File& b) { return a.first < b.first; });
  last_ = files_.empty() ? 0 : kUnknown;
}

std::uint64_t Segments::bytes() const noexcept {
  std::uint64_t sum = pending_.size();
  for (const File& file : files_) sum += file.size;
  return sum;
}

// Writing.

void Segments::add(const QueueRecord& record) {
  if (pending_.empty()) {
    pending_first_ = written_;
  }
  append_segment_record(pending_, record);
  pending_last_ = record.position;
}

Status Segments::begin_file(std::uint64_t first) {
  Buffer head;
  append_segment_head(head, queue_, first);
  const std::string name = name_of(first);
  int file = -1;
  int error = 0;
  Status status =
      folder_.open_file(name, O_WRONLY | O_APPEND, Folder::Creation::always_new,
                        kMode, &file, &error);
  if (!status.ok()) return status;
  out_ = std::make_shared<Descriptor>(file);
  error = write_all(file, head.view());
  if (error != 0) {
    out_.reset();
    static_cast<void>(folder_.remove(name));
    return Status(Code::unavailable, "cannot write " +
                                         quoted(folder_.path_of(name)) + ": " +
                                         error_advice(error));
  }
  files_.push_back({first, head.size()});
  return {};
}

// The file that is written to is given up: the next one gets another name, also
// if there is no record in that one. Positions are multiples of 8.
void Segments::begin_anew() noexcept {
  out_.reset();
  ++written_;
}

Status Segments::flush() {
  if (pending_.empty()) return {};
  Status status;
  if (out_ == nullptr || files_.back().size >= kSegmentBytes) {
    out_.reset();
    status = begin_file(pending_first_);
  }
  if (status.ok()) {
    File& file = files_.back();
    const int error = write_all(out_->get(), pending_.view());
    if (error == 0) {
      file.size += pending_.size();
      last_ = written_ = pending_last_;
      if (unsynced_.empty() || unsynced_.back() != out_) {
        unsynced_.push_back(out_);
      }
    } else {
      status = Status(Code::unavailable,
                      "cannot write " +
                          quoted(folder_.path_of(name_of(file.first))) + ": " +
                          error_advice(error));
      // A part may be there.
      if (::ftruncate(out_->get(), static_cast<off_t>(file.size)) != 0) {
        begin_anew();
      }
    }
  }
  pending_.recycle(kChunk);
  return status;
}

// Reading.

bool Segments::open_to_read(std::size_t index) {
  const File& file = files_[index];
  int descriptor = -1;
  int error = 0;
  in_first_ = file.first;
  in_offset_ = 0;
  in_last_ = file.first;
  chunk_.clear();
  chunk_at_ = 0;
  const Status status =
      folder_.open_file(name_of(file.first), O_RDONLY, Folder::Creation::never,
                        0, &descriptor, &error);
  in_.reset(descriptor);
  QueueId queue;
  std::uint64_t first = 0;
  if (!status.ok() || !load(kSegmentHeadSize) ||
      !read_segment_head(bytes_of(chunk_, 0), &queue, &first) ||
      queue != queue_ || first != file.first) {
    return false;
  }
  chunk_at_ = kSegmentHeadSize;
  return true;
}

// Has at least so many bytes behind chunk_at_ in memory. False if the file has
// no more.
bool Segments::load(std::size_t bytes) {
  chunk_.consume(chunk_at_);
  chunk_at_ = 0;
  while (chunk_.size() < bytes) {
    const std::size_t part = std::max(kChunk, bytes - chunk_.size());
    char* const room = chunk_.reserve(part);
    const ssize_t got =
        ::pread(in_.get(), room, part, static_cast<off_t>(in_offset_));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    chunk_.advance_to(room + got);
    in_offset_ += static_cast<std::uint64_t>(got);
  }
  return true;
}

// The name of a file that has the next `size` bytes.
std::string Segments::keep_damage(std::size_t size) {
  const std::string kept =
      name_of(in_first_).substr(0, kDigits) + "-" +
      std::to_string(in_offset_ - chunk_.size() + chunk_at_) + ".damaged";
  int file = -1;
  int error = 0;
  if (folder_
          .open_file(kept, O_WRONLY, Folder::Creation::always_new, kMode, &file,
                     &error)
          .ok()) {
    const Descriptor owned(file);
    static_cast<void>(write_all(file, chunk_.view().substr(chunk_at_, size)));
  }
  return kept;
}

// The next `size` bytes are no records.
void Segments::leave_out(std::size_t size, std::string* problem) {
  std::string what = std::to_string(size) + " bytes of " +
                     quoted(folder_.path_of(name_of(in_first_))) +
                     " are damaged";
  if (access_ == Access::own) {
    what += "; they are kept as " + quoted(keep_damage(size));
  }
  add_problem(problem, what + ", and the events in them are lost");
  chunk_at_ += size;
}

// The next record of the file that is open for reading. False at its end.
bool Segments::next(bool is_last, QueueRecord* record, std::string* problem) {
  while (true) {
    std::size_t size = 0;
    const SegmentPart part = read_segment_record(bytes_of(chunk_, chunk_at_),
                                                 in_last_, record, &size);
    if (part == SegmentPart::record) {
      chunk_at_ += size;
      in_last_ = record->position;
      return true;
    }
    if (part == SegmentPart::more && load(size)) continue;
    while (load(chunk_.size() - chunk_at_ + 1)) {
    }
    if (chunk_.size() == chunk_at_) return false;
    const std::size_t left_out =
        find_segment_record(bytes_of(chunk_, chunk_at_), in_last_);
    const bool ends = left_out == chunk_.size() - chunk_at_;
    // Its writer was killed in the middle of a record, which the ring has.
    if (part == SegmentPart::more && ends && is_last) return false;
    leave_out(left_out, problem);
  }
}

// The file cannot be read, or has less in it than was written. To whoever looks
// on, it is no loss that the owner has removed it.
void Segments::lose(std::size_t index, std::string* problem) {
  const std::string name = name_of(files_[index].first);
  if (access_ == Access::own || folder_.exists(name)) {
    add_problem(problem,
                quoted(folder_.path_of(name)) +
                    " was changed by others, or cannot be read; events are "
                    "lost");
  }
  if (index + 1 == files_.size()) begin_anew();
  files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  in_.reset();
}

bool Segments::read(std::uint64_t after, std::size_t most_rows,
                    std::size_t most_bytes, QueueBatch* batch,
                    std::string* problem) {
  std::size_t index = 0;
  while (index + 1 < files_.size() && end_of(index) <= after) ++index;
  while (index < files_.size()) {
    const bool is_last = index + 1 == files_.size();
    const bool is_open = in_ && in_first_ == files_[index].first;
    if (!is_open && !open_to_read(index)) {
      lose(index, problem);
      if (is_last) last_ = after;
      continue;
    }
    QueueRecord record;
    while (batch->records.size() < most_rows &&
           batch->bytes.size() < most_bytes &&
           next(is_last, &record, problem)) {
      if (record.position > after) batch->add(record);
    }
    if (!batch->records.empty()) return true;
    if (is_last) {
      if (last_ != kUnknown && in_last_ < last_) {
        lose(index, problem);
        last_ = after;
      } else {
        last_ = in_last_;  // what comes next is in the ring
      }
      return false;
    }
    ++index;
  }
  return false;
}

void Segments::remove_through(std::uint64_t position) {
  while (!files_.empty() && end_of(0) <= position) remove_oldest();
}

void Segments::remove_oldest() {
  const File file = files_.front();
  if (files_.size() == 1) out_.reset();
  if (in_ && in_first_ == file.first) in_.reset();
  files_.pop_front();
  if (access_ == Access::look) return;
  static_cast<void>(folder_.remove(name_of(file.first)));
}

}  // namespace stogger
