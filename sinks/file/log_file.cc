#include "sinks/file/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/are_apart.h"
#include "base/no_canary.h"
#include "base/quote.h"
#include "os/lock_file.h"
#include "sinks/common/paths.h"
#include "sinks/file/compressor.h"
#include "sinks/file/rotation.h"

namespace stogger {
namespace {

constexpr std::int64_t kMillisecond = 1000000;
constexpr std::int64_t kSecond = 1000 * kMillisecond;
// A program that compresses what was moved away takes longer than this to
// start; a look is as cheap as a few hundred bytes.
constexpr std::int64_t kCheckInterval = kMillisecond;
// For pipes and terminals, and while the path cannot be opened again.
constexpr std::int64_t kRareCheckInterval = kSecond / 2;
constexpr std::int64_t kRotationRetry = kSecond;
// How often in a row a lock that another process has is left at once: it may
// have rotated the file by the next line.
constexpr int kMostBlocked = 4;

// A socket, such as the journal's under systemd, cannot be opened by a path,
// nor can the pipe of another user, such as a container's. The console writes
// to what is open already.
Status with_remedy(Status status, std::string_view path) {
  const bool is_stdout = path == "/dev/stdout";
  if (status.ok() || (!is_stdout && path != "/dev/stderr")) return status;
  return Status(status.code(), std::string(status.message()) + "; instead of " +
                                   std::string(path) +
                                   ", use type = \"console\" with stream = \"" +
                                   (is_stdout ? "stdout" : "stderr") +
                                   "\" and, for JSON, format = \"json\"");
}

}  // namespace

LogFile::LogFile(LogFileOptions options)
    : options_(std::move(options)),
      old_{is_by_date(options_.rotation), options_.backup_count,
           options_.compression != Compression::none},
      periods_(options_.rotation == Rotation::hourly ? LogPeriods::Unit::hour
                                                     : LogPeriods::Unit::day,
               options_.local_dates) {}

Status LogFile::open() {
  if (file_.is_open()) return {};
  unconfirmed_.begin_look();
  Folder folder;
  File file;
  Status status = folder.open(options_.path, options_.modes, true);
  if (status.ok()) status = file.open_append(folder, folder.name(), false);
  if (!status.ok()) return with_remedy(std::move(status), options_.path);
  const bool first = options_.each_truncates ? !std::exchange(opened_, true)
                                             : is_first_opening(options_.path);
  if (file.is_regular() && first && options_.truncate) {
    file.truncate(0);
  }
  adopt(std::move(folder), std::move(file));
  return write_lost();
}

// Leaves the present file alone if there is no other.
Status LogFile::reopen() {
  unconfirmed_.begin_look();
  Folder folder;
  File file;
  Status status = folder.open_again(folder_, options_.path, options_.modes);
  if (!status.ok()) return status;
  struct stat present;
  if (file_.is_regular() && ::fstat(file_.descriptor(), &present) == 0) {
    status = file.open_successor(folder, folder.name(), present);
  } else {
    status = file.open_append(folder, folder.name(), false);
  }
  if (status.ok()) adopt(std::move(folder), std::move(file));
  return status;
}

void LogFile::adopt(Folder folder, File file) {
  const bool regular = file.is_regular();
  identity_ = {};
  static_cast<void>(::fstat(file.descriptor(), &identity_));
  torn_ = regular && identity_.st_size > 0 && file.is_torn(folder);
  folder_ = std::move(folder);
  file_ = std::move(file);
  must_check_ = false;
  check_interval_ = regular ? kCheckInterval : kRareCheckInterval;
  rotation_failing_ = false;
  rotations_blocked_ = 0;
  rotation_ = regular && !folder_.is_magic() && options_.backup_count > 0
                  ? options_.rotation
                  : Rotation::none;
  if (regular) {
    unconfirmed_.start(rotation_ == Rotation::none || old_.compressed);
  }
  unconfirmed_.confirm(identity_);
  note_size(regular ? static_cast<std::uint64_t>(identity_.st_size) : 0);
  period_known_ = false;
  path_complaint_.settle(options_.path, "is followed again");
  note_complaints();
  if (rotation_ != Rotation::none && old_.compressed) compress_old();
}

// What is not compressed yet: by this process, or by those before it.
void LogFile::compress_old() {
  Folder folder;
  if (!folder.open_same(folder_).ok()) return;
  if (!compression_) {
    compression_ = std::make_shared<CompressionJob>(old_, options_.compression);
  }
  compression_->look_in(std::move(folder));
  Compressor::instance().request(compression_);
}

void LogFile::note_complaints() noexcept {
  has_complaint_ = rotation_complaint_.is_due() || path_complaint_.is_due() ||
                   (compression_ && compression_->has_notice());
}

std::string LogFile::take_complaint() {
  std::string text;
  if (rotation_complaint_.is_due()) {
    text = rotation_complaint_.take();
  } else if (path_complaint_.is_due()) {
    text = path_complaint_.take();
  } else if (compression_) {
    text = compression_->take_notice();
  }
  note_complaints();
  return text;
}

Status LogFile::close() {
  Status status = confirm();
  unconfirmed_.end_watch();
  if (status.ok() && file_.is_open()) status = write_lost();
  if (!status.ok() && unconfirmed_.are_lost()) {
    status = Status(status.code(),
                    "the last events went with a file that was deleted, and "
                    "cannot be written again: " +
                        std::string(status.message()));
  }
  if (!unconfirmed_.are_lost()) unconfirmed_.end();
  const Status closed = file_.close();
  folder_.close();
  return status.ok() ? closed : status;
}

void LogFile::abandon() noexcept {
  file_.abandon();
  folder_.close();
  unconfirmed_.abandon();
  compression_.reset();
}

Status LogFile::check(CheckFindings& findings) const {
  Folder folder;
  bool there = false;
  Status status =
      check_path(options_.path, options_.modes, findings, &folder, &there);
  if (!status.ok()) return status;
  struct stat info = {};
  there = there && folder.look_up(folder.name(), &info);
  if (there && !S_ISREG(info.st_mode)) return {};
  if (options_.truncate && info.st_size > 0) {
    findings.would_change("would empty " + quoted(folder.path()) + " (" +
                          std::to_string(info.st_size) + " bytes)");
  }
  if (there && options_.rotation != Rotation::none) {
    check_rotation(folder, old_, findings);
  }
  return {};
}

void LogFile::learn_period(Time now) noexcept {
  period_ = periods_.of(now);
  period_known_ = true;
  struct stat info;
  if (::fstat(file_.descriptor(), &info) == 0 && info.st_size > 0) {
    // The period of its last line is that of its first: had another one begun
    // in between, whoever wrote then would have rotated the file.
    period_ = periods_.of(Time{info.st_mtim.tv_sec * kSecond});
  }
}

bool LogFile::is_rotation_due(Time now, std::size_t bytes) noexcept {
  switch (rotation_) {
    case Rotation::none:
      return false;
    case Rotation::size:
      return size_ > 0 &&
             (size_ > options_.max_bytes || bytes > options_.max_bytes - size_);
    case Rotation::daily:
    case Rotation::hourly: {
      if (!period_known_) return true;
      // Threads come a little out of order: going back needs more than that.
      const std::int64_t period = periods_.of(now);
      return period > period_ || period < period_ - 1;
    }
  }
  return false;
}

Status LogFile::attend(Time now, std::size_t bytes) {
  if (is_check_due(now, bytes)) {
    Status status = follow_path(now);
    if (!status.ok()) return status;
  }
  if (is_by_date(rotation_) && !period_known_) learn_period(now);
  if (is_rotation_due(now, bytes) &&
      !(rotation_failing_ &&
        !are_apart(now, rotation_failed_, kRotationRetry))) {
    rotate(now, bytes);
  }
  note_complaints();
  return {};
}

void LogFile::note_size(std::uint64_t size) noexcept {
  size_ = size;
  check_size_ = rotation_ == Rotation::size ? size + step() : UINT64_MAX;
}

// True if the path leads to the file, and so to what was written to it. Learns
// its size.
bool LogFile::is_in_place() {
  unconfirmed_.begin_look();
  std::uint64_t size = size_;
  const Folder::Way way = folder_.find_way(options_.path, identity_, &size);
  if (way == Folder::Way::elsewhere) return false;
  if (way == Folder::Way::unknown && file_.is_deleted()) return false;
  if (rotation_ != Rotation::none) note_size(size);
  unconfirmed_.confirm(identity_);
  return true;
}

Status LogFile::follow_path(Time now) {
  checked_ = now;
  must_check_ = false;
  return is_in_place() ? write_lost() : leave_file();
}

Status LogFile::leave_file() {
  unconfirmed_.leave(file_.descriptor(), identity_);
  Status status = reopen();
  if (status.ok()) return write_lost();
  if (file_.is_deleted()) return status;
  // A file that was only moved still keeps what is written to it.
  check_interval_ = kRareCheckInterval;
  if (rotation_ != Rotation::none) note_size(size_);
  path_complaint_.raise(kMovedAway, status);
  note_complaints();
  return write_lost();
}

Status LogFile::confirm() {
  if (!file_.is_open()) {
    return unconfirmed_.are_lost()
               ? Status(Code::unavailable, "there is no file")
               : Status();
  }
  unconfirmed_.check_left();
  if (!unconfirmed_.empty() && !is_in_place() &&
      (unconfirmed_.has_late() || file_.is_deleted())) {
    return leave_file();
  }
  return write_lost();
}

Status LogFile::write_lost() {
  if (!unconfirmed_.are_lost()) return {};
  std::size_t written = 0;
  Status status = file_.write(unconfirmed_.lost(), &written);
  size_ += written;
  if (status.ok()) {
    unconfirmed_.recover();
    must_check_ = true;
  } else if (written > 0) {
    take_back(written);
  }
  return status;
}

void LogFile::rotate(Time now, std::size_t bytes) {
  rotation_failed_ = now;
  rotation_failing_ = true;
  const Status status = rotate_locked(now, bytes);
  if (!status.ok()) {
    rotation_complaint_.raise("the file cannot be rotated, and keeps growing",
                              status);
  } else if (rotation_failing_) {
    rotation_failing_ = rotations_blocked_ >= kMostBlocked;
  } else {
    rotation_complaint_.settle(options_.path, "is rotated again");
  }
}

// Ok and rotation_failing_ if another process is just about it.
Status LogFile::rotate_locked(Time now, std::size_t bytes) {
  const std::string lock_name = folder_.name() + ".lock";
  LockFile lock;
  Status status = lock.open(folder_, lock_name, identity_);
  if (!status.ok()) return status;
  // Someone is just rotating it, or keeps the lock for long.
  const bool insist = ++rotations_blocked_ == kMostBlocked;
  if (!(insist ? lock.lock() : lock.try_lock())) {
    must_check_ = true;
    return insist && is_in_place() ? lock.failure() : Status();
  }
  rotations_blocked_ = 0;
  if (!lock.is_at(folder_, lock_name)) return {};
  struct stat named;
  if (is_in_place() && folder_.look_up(folder_.name(), &named) &&
      is_same_file(named, identity_)) {
    if (!is_rotation_due(now, bytes)) {
      rotation_failing_ = false;
      return {};
    }
    status = move_away();
    if (!status.ok()) return status;
  }
  // Moved, by this or another process.
  const bool dated = is_by_date(rotation_);
  status = reopen();
  if (status.ok() && dated) {
    learn_period(now);
    remove_old_dated(folder_, old_);
  }
  return status;
}

Status LogFile::move_away() const {
  return old_.dated ? rotate_by_date(folder_, old_, periods_.name(period_))
                    : rotate_by_number(folder_, old_);
}

STOGGER_NO_CANARY Status LogFile::append(std::string_view lines,
                                         std::size_t* written) {
  *written = 0;
  if (torn_) {
    Status status = file_.write("\n", written);
    if (!status.ok()) return status;
    torn_ = false;
    ++size_;
  }
  Status status = file_.write(lines, written);
  size_ += *written;
  if (!status.ok() || !file_.is_regular()) return status;
  if (unconfirmed_.add(lines) || is_in_place()) return status;
  unconfirmed_.keep(lines);
  // The lines are safe or will be written again. What is wrong with the path,
  // the next prepare() says.
  must_check_ = true;
  static_cast<void>(leave_file());
  return status;
}

void LogFile::take_back(std::size_t bytes) noexcept {
  torn_ = !file_.take_back(bytes);
  if (!torn_) size_ = file_.position() - bytes;
}

}  // namespace stogger
