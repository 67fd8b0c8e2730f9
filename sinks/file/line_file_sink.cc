#include "sinks/file/line_file_sink.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/no_canary.h"
#include "format/json_lines.h"

namespace stogger {
namespace {

// A call for each 128 KiB takes a twentieth of an event's time less than one
// for each 64 KiB; twice as much again would bring a third of that.
constexpr std::size_t kBlock = 128 * 1024;
// A row may be put into the buffer before it is found to be full.
constexpr std::size_t kBlockWithSlack = kBlock + 8 * 1024;
constexpr std::uint64_t kOldestAge = 1000000000;  // nanoseconds

Status not_open() {
  return Status(Code::unavailable, "not open: open() was not called or failed");
}

}  // namespace

LineFileSink::LineFileSink(LogFileOptions options, RowForm form, JsonKeys keys,
                           bool in_blocks)
    : in_blocks_(in_blocks),
      form_(form),
      file_(std::move(options)),
      keys_(std::move(keys)) {}

LineFileSink::~LineFileSink() {
  try {
    static_cast<void>(LineFileSink::close());
  } catch (...) {
    // No memory even for the message, and nobody to hear it.
  }
}

Status LineFileSink::open() {
  if (in_blocks_) buffer_.reserve(kBlockWithSlack - buffer_.size());
  return file_.open();
}

STOGGER_NO_CANARY Status LineFileSink::write(const RowBatch& rows,
                                             WriteReport& report) {
  // Most lines are only copied. Nothing happens to the file then.
  if (in_blocks_ && file_.is_open() && rows.row_count == 1 &&
      buffer_line(rows)) {
    now_ = rows.now;
    return {};
  }
  Status status = write_rows(rows);
  if (file_.has_complaint()) report.notice(file_.take_complaint());
  return status;
}

inline Status LineFileSink::write_line(std::string_view line, Time now) {
  Status status = file_.prepare(now, line.size());
  if (!status.ok()) return status;
  std::size_t count = 0;
  status = file_.append(line, &count);
  if (status.ok()) {
    ++written_;
  } else if (count > 0) {
    file_.take_back(count);
  }
  return status;
}

STOGGER_NO_CANARY Status LineFileSink::write_rows(const RowBatch& rows) {
  if (!file_.is_open()) return not_open();
  if (rows.row_count == 0) return {};
  now_ = rows.now;
  if (in_blocks_) return write_buffered(rows);
  if (rows.row_count > 1) return write_lines(rows);
  const std::string_view line = finished_line(rows, 0);
  if (line.empty() || line.back() != '\n') return write_lines(rows);
  return write_line(line, rows.now);
}

Status LineFileSink::write_lines(const RowBatch& rows) {
  try {
    for (std::size_t i = 0; i < rows.row_count; ++i) buffer_row(rows, i);
  } catch (...) {
    clear();
    throw;
  }
  Status status = drain();
  clear();
  return status;
}

// The way of nearly every row that goes into a block, for batches of one.
// False, and nothing done, if there is more to it than adding it.
inline bool LineFileSink::buffer_line(const RowBatch& rows) {
  const std::string_view line = finished_line(rows, 0);
  const auto age = static_cast<std::uint64_t>(rows.now.ns) -
                   static_cast<std::uint64_t>(oldest_.ns);
  if (ends_.empty() || age > kOldestAge || stuck_ || line.empty() ||
      line.back() != '\n' || buffer_.size() + line.size() >= kBlock) {
    return false;
  }
  char* const start = buffer_.reserve(line.size());
  char* const end = start + line.size();
  ends_.push_back(buffer_.size() + line.size());
  std::memcpy(start, line.data(), line.size());
  buffer_.advance_to(end);
  return true;
}

Status LineFileSink::write_buffered(const RowBatch& rows) {
  if (ends_.empty() || rows.now < oldest_) oldest_ = rows.now;
  Status status;
  for (std::size_t i = 0; i < rows.row_count; ++i) {
    buffer_row(rows, i);
    if (buffer_.size() < kBlock) continue;
    if (status.ok()) status = drain();
    if (buffer_.size() > kBlock) {
      // The target takes nothing, and here is no room: neither for those that
      // follow, which come after it if they are handed over again.
      ends_.pop_back();
      buffer_.truncate(ends_.empty() ? 0 : ends_.back());
      return status;
    }
  }
  const auto age = static_cast<std::uint64_t>(rows.now.ns) -
                   static_cast<std::uint64_t>(oldest_.ns);
  if (status.ok() && !ends_.empty() && (stuck_ || age > kOldestAge)) {
    status = drain();
  }
  return status;
}

// Without memory for all of it, nothing is added.
inline void LineFileSink::buffer_row(const RowBatch& rows, std::size_t row) {
  const std::size_t start = buffer_.size();
  ends_.push_back(start);
  try {
    append_line(buffer_, rows, row);
  } catch (...) {
    buffer_.truncate(start);
    ends_.pop_back();
    throw;
  }
  ends_.back() = buffer_.size();
}

// The number of rows from `first` on that make up at most `bytes`.
std::size_t LineFileSink::rows_within(std::size_t first,
                                      std::uint64_t bytes) const noexcept {
  const std::uint64_t start = first == 0 ? 0 : ends_[first - 1];
  const std::uint64_t most =
      bytes > UINT64_MAX - start ? UINT64_MAX : start + bytes;
  const auto from = ends_.begin() + static_cast<std::ptrdiff_t>(first);
  return static_cast<std::size_t>(std::upper_bound(from, ends_.end(), most) -
                                  from);
}

// Writes the buffer: as a whole, unless rotation comes in between. What cannot
// be written stays in it.
Status LineFileSink::drain() {
  Status status;
  std::size_t done = 0;
  while (status.ok() && done < ends_.size()) {
    const std::size_t start = done == 0 ? 0 : ends_[done - 1];
    status = file_.prepare(now_, ends_[done] - start);
    if (!status.ok()) break;
    // A row that is larger than a whole file gets one of its own.
    const std::size_t rows =
        std::max<std::size_t>(rows_within(done, file_.room()), 1);
    const std::size_t end = ends_[done + rows - 1];
    std::size_t count = 0;
    status = file_.append(buffer_.view().substr(start, end - start), &count);
    const std::size_t whole = status.ok() ? rows : rows_within(done, count);
    if (!status.ok()) {
      const std::size_t torn =
          start + count - (done + whole == 0 ? 0 : ends_[done + whole - 1]);
      if (torn > 0) file_.take_back(torn);
    }
    done += whole;
  }
  forget_rows(done);
  stuck_ = !status.ok();
  return status;
}

void LineFileSink::forget_rows(std::size_t count) noexcept {
  if (count == 0) return;
  written_ += count;
  if (count == ends_.size()) {
    clear();
    return;
  }
  const std::size_t bytes = ends_[count - 1];
  buffer_.consume(bytes);
  ends_.erase(ends_.begin(),
              ends_.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t& end : ends_) end -= bytes;
}

// The memory of an unusually large batch is given back.
void LineFileSink::clear() noexcept {
  ends_.clear();
  buffer_.recycle(4 * kBlock);
}

Status LineFileSink::flush() {
  if (ends_.empty()) return file_.confirm();
  if (!file_.is_open()) return not_open();
  // There may have been no write for long.
  file_.distrust_path();
  return drain();
}

Status LineFileSink::tick(Time now, WriteReport& report) {
  now_ = now;
  Status status = ends_.empty() ? Status() : drain();
  if (file_.has_complaint()) report.notice(file_.take_complaint());
  return status;
}

Status LineFileSink::close() {
  Status status;
  if (file_.is_open()) status = flush();
  const std::size_t kept = ends_.size();
  if (!status.ok() && kept > 0) {
    std::string message(status.message());
    message += " (" + std::to_string(kept) +
               (kept == 1 ? " event stays" : " events stay") +
               " in memory until it can be written)";
    status = Status(status.code(), message);
  }
  if (kept == 0) buffer_.recycle(0);
  const Status closed = file_.close();
  return status.ok() ? closed : status;
}

void LineFileSink::abandon() noexcept {
  file_.abandon();
  clear();
  stuck_ = false;
}

bool LineFileSink::tally(Tally* tally) const noexcept {
  tally->written = written_;
  tally->buffered = ends_.size();
  return true;
}

}  // namespace stogger
