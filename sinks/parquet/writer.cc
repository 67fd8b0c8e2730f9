#include "sinks/parquet/writer.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/are_apart.h"
#include "base/quote.h"
#include "sinks/parquet/footer_file.h"
#include "sinks/parquet/footer_reader.h"

namespace stogger {
namespace {

// What waits for a checkpoint. Rows are also a row group once they take this.
constexpr std::size_t kMostMemory = ColumnBuffer::kMostText;
// Rows between two looks at the memory.
constexpr std::size_t kSlice = 4096;
// From one failure to the next attempt.
constexpr std::int64_t kRetry = 1000000000;
// A checkpoint by time writes no footer that is so many times as large as the
// rows in memory: it would write the row groups of long ago again and again.
constexpr std::size_t kMostFooter = 10;
constexpr std::size_t kKeptMemory = 4 * 1024 * 1024;
// In the footer of each file of this sink.
constexpr const char* kStatePair = "stogger.state";

}  // namespace

Status ParquetWriter::open() {
  if (is_open()) return {};
  bool resumed = false;
  Status status = files_.open(&resumed);
  if (status.ok() && !resumed) begin_anew();
  return status;
}

// What is in the file stays there; it does not belong into the next one.
void ParquetWriter::begin_anew() noexcept {
  files_.begin_anew();
  footer_.clear();
  drop_published();
  is_complete_ = true;
  file_size_ = 0;
}

void ParquetWriter::drop_published() noexcept {
  if (published_ == 0) return;
  ParquetRows& first = full_.empty() ? rows_.front() : full_.front();
  first.drop(published_);
  pending_ -= published_;
  published_ = 0;
  if (first.count() == 0 && !full_.empty()) full_.erase(full_.begin());
}

std::size_t ParquetWriter::memory() const noexcept {
  return full_memory_ + (rows_.empty() ? 0 : rows_.front().memory());
}

// ---- Taking rows

Status ParquetWriter::write(const RowBatch& rows, std::size_t* taken) {
  *taken = 0;
  if (rows.origin != nullptr) {
    Status found = ledger_.find(rows, files_.folder(), files_.doomed(), taken);
    if (!found.ok()) return found;
    written_ += *taken;
  }
  const bool waits = is_waiting(rows.now);
  Status rolled;
  if (!waits && is_roll_due(rows.now)) rolled = roll();
  Status status = rolled;
  if (status.ok() && memory() >= kMostMemory) status = checkpoint();
  if (!status.ok() && memory() >= kMostMemory) return status;
  const std::size_t group = settings_.row_group_rows;
  while (*taken < rows.row_count) {
    const std::size_t present = rows_.empty() ? 0 : rows_.front().count();
    const std::size_t count =
        std::min({kSlice, rows.row_count - *taken, group - present});
    add(rows, *taken, count);
    *taken += count;
    const bool is_full = memory() >= kMostMemory;
    if (is_full || present + count == group) complete_group();
    const bool is_end = *taken == rows.row_count;
    if (is_end && settings_.group_by_batch) complete_group();
    const bool is_due = is_full || is_end || present + count == group;
    if (is_due && (!waits || memory() >= kMostMemory)) {
      status = attend(rows.now);
      if (!status.ok() && memory() >= kMostMemory) break;
    }
  }
  if (status.ok()) status = std::move(rolled);
  if (!status.ok()) {
    failing_ = true;
    failed_ = rows.now;
  }
  return status;
}

bool ParquetWriter::is_waiting(Time now) const noexcept {
  return settings_.patient && failing_ && !are_apart(now, failed_, kRetry);
}

void ParquetWriter::add(const RowBatch& rows, std::size_t first,
                        std::size_t count) {
  if (rows_.empty()) {
    if (spare_.empty()) {
      rows_.emplace_back(schema_.columns());
    } else {
      rows_.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
  }
  rows_.front().add(
      count,
      [&](std::size_t row, std::size_t column) {
        return schema_.value(rows, first + row, column);
      },
      [&](std::size_t column) { schema_.note_misfit(column); });
  if (rows.origin != nullptr) ledger_.take(rows, first + count - 1);
  if (buffered() == 0) oldest_ = rows.now;
  if (file_size_ == 0 && pending_ == 0) {
    begun_ = rows.now;
    look_for_stranger();
  }
  pending_ += count;
}

// A file of an earlier run gets a dated name, as is usual; one that somebody
// else keeps at the path, too, but he has to know.
void ParquetWriter::look_for_stranger() {
  struct stat info = {};
  const Folder& folder = files_.folder();
  if (!is_open() || !files_.doomed().empty() ||
      !folder.look_up(files_.name(), &info)) {
    return;
  }
  int error = 0;
  const std::string footer = footer_of(folder, files_.name(), &error);
  if (error != 0 || !find_pair(footer, kStatePair).empty()) return;
  note("there is a file of another program at " + quoted(files_.path()) +
       ", which is kept under a dated name");
}

void ParquetWriter::note(const std::string& report) {
  if (report.empty()) return;
  if (!report_.empty()) report_ += "; ";
  report_ += report;
}

std::string ParquetWriter::take_report() {
  note(ledger_.take_report());
  return std::exchange(report_, {});
}

void ParquetWriter::complete_group() {
  if (rows_.empty() || rows_.front().count() == 0) return;
  const std::size_t bytes = rows_.front().memory();
  full_.push_back(std::move(rows_.front()));
  full_memory_ += bytes;
  rows_.clear();
}

bool ParquetWriter::is_checkpoint_due(Time now) const noexcept {
  if (buffered() == 0) return false;
  if (!settings_.group_by_batch && !full_.empty()) return true;
  if (settings_.checkpoint_rows != 0 &&
      buffered() >= settings_.checkpoint_rows) {
    return true;
  }
  const std::size_t bytes = memory();
  return (settings_.checkpoint_ns != 0 &&
          are_apart(now, oldest_, settings_.checkpoint_ns) &&
          footer_.bytes() / kMostFooter <= bytes) ||
         bytes >= kMostMemory;
}

Status ParquetWriter::attend(Time now) {
  Status status;
  if (is_checkpoint_due(now)) status = publish(false);
  if (status.ok() && settings_.roll_bytes != 0 &&
      file_size_ >= settings_.roll_bytes) {
    status = roll();
  }
  return status;
}

// ---- Writing them

Status ParquetWriter::checkpoint() {
  return buffered() == 0 ? Status() : publish(false);
}

Status ParquetWriter::tick(Time now) {
  if (is_waiting(now)) return {};
  Status status = attend(now);
  if (!status.ok()) {
    failing_ = true;
    failed_ = now;
  }
  return status;
}

Status ParquetWriter::publish(bool complete) {
  if (!is_open()) {
    return Status(Code::unavailable,
                  "not open: open() was not called or failed");
  }
  if (files_.has_moved()) {
    begin_anew();
    look_for_stranger();
  }
  const ParquetFooter::Mark mark = footer_.mark();
  try {
    encode_all(complete);
    Status status = files_.publish(added_.view(), end_.view());
    note(files_.take_notice());
    if (!status.ok()) {
      footer_.go_back(mark);
      return status;
    }
  } catch (...) {
    footer_.go_back(mark);
    throw;
  }
  file_size_ = files_.content() + end_.size();
  failing_ = false;
  settle(complete);
  return {};
}

void ParquetWriter::encode_all(bool complete) {
  added_.recycle(kKeptMemory);
  end_.recycle(kKeptMemory);
  const std::uint64_t base = files_.content();
  if (base == 0) added_.append(kParquetMagic);
  for (const ParquetRows& rows : full_) {
    encoder_.encode(schema_.columns(), rows, base, &added_, &footer_);
  }
  const bool has_more = !rows_.empty() && rows_.front().count() > 0;
  if (has_more && complete) {
    encoder_.encode(schema_.columns(), rows_.front(), base, &added_, &footer_);
  }
  const ParquetFooter::Mark mark = footer_.mark();
  if (has_more && !complete) {
    encoder_.encode(schema_.columns(), rows_.front(), base + added_.size(),
                    &end_, &footer_);
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.emplace_back(kStatePair, complete ? "complete" : "open");
  if (!settings_.service.empty()) {
    pairs.emplace_back("stogger.service", settings_.service);
  }
  if (std::string text = ledger_.text(); !text.empty()) {
    pairs.emplace_back(kLedgerPair, std::move(text));
  }
  footer_.append_end(schema_.columns(), pairs, &end_);
  footer_.go_back(mark);
}

void ParquetWriter::settle(bool complete) {
  written_ += buffered();
  is_complete_ = complete;
  if (complete) complete_group();
  for (ParquetRows& rows : full_) {
    pending_ -= rows.count();
    if (!spare_.empty()) continue;
    rows.clear();
    spare_.push_back(std::move(rows));
  }
  full_.clear();
  full_memory_ = 0;
  published_ = pending_;
}

// ---- The end of a file

bool ParquetWriter::is_roll_due(Time now) const noexcept {
  return settings_.roll_ns != 0 && (file_size_ != 0 || pending_ != 0) &&
         are_apart(now, begun_, settings_.roll_ns);
}

// A file that was moved away keeps what it has: it needs no end, and without
// further rows no other takes its place.
bool ParquetWriter::needs_end() const noexcept {
  return buffered() != 0 || (is_open() && !is_complete_ && !files_.has_moved());
}

Status ParquetWriter::roll() {
  Status status;
  if (needs_end()) status = publish(true);
  if (status.ok()) status = files_.put_aside();
  if (status.ok()) begin_anew();
  return status;
}

Status ParquetWriter::end_columns() {
  if (Status status = roll(); !status.ok()) return status;
  // They are empty, and of the old columns.
  rows_.clear();
  spare_.clear();
  return {};
}

Status ParquetWriter::close() {
  Status status;
  if (needs_end()) status = publish(true);
  files_.close();
  return status;
}

void ParquetWriter::abandon() noexcept {
  files_.abandon();
  full_.clear();
  full_memory_ = 0;
  rows_.clear();
  pending_ = 0;
  published_ = 0;
  footer_.clear();
  ledger_.forget();
  is_complete_ = true;
  file_size_ = 0;
}

}  // namespace stogger
