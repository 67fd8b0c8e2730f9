// LogFile: a file that grows at its end, that several processes may share, and
// that is rotated, by itself or by others.
//
// Every append is one write(2) with O_APPEND. The path is looked at once in a
// millisecond at most, by the times that the caller gives, and, for rotation by
// size, once for each sixteenth of the size: a file that was
// moved away or deleted is left, and the path opened again. What was written in
// between and may be nowhere is written again: see UnconfirmedLines.
//
// Whoever rotates holds the lock of PATH.lock and makes sure that the path
// still names the file, so of several processes one does it. Those which have
// not noticed yet go on appending to the file they have: nothing is lost. When
// a rename fails, the file grows on, and rotation is tried again a second
// later. What takes the place of a file has its mode, owner and group.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/are_apart.h"
#include "os/file.h"
#include "os/folder.h"
#include "sinks/common/complaint.h"
#include "sinks/common/unconfirmed_lines.h"
#include "sinks/file/compression_job.h"
#include "sinks/file/log_period.h"
#include "sinks/file/old_files.h"
#include "stogger/sink.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

enum class Rotation : unsigned char { none, size, daily, hourly };

inline bool is_by_date(Rotation rotation) noexcept {
  return rotation == Rotation::daily || rotation == Rotation::hourly;
}

struct LogFileOptions {
  std::string path;  // absolute
  FileModes modes;
  Rotation rotation = Rotation::none;
  bool local_dates = false;  // of rotation by date; else UTC
  std::uint64_t max_bytes = 10000000;
  std::size_t backup_count = 5;  // 0: no rotation
  Compression compression = Compression::none;
  bool truncate = false;        // when this process first opens the path
  bool each_truncates = false;  // or rather when each LogFile first does
};

class LogFile {
 public:
  explicit LogFile(LogFileOptions options);

  // Does nothing if it is open.
  Status open();
  bool is_open() const noexcept { return file_.is_open(); }
  Status close();
  // What open() and rotation would do, and whether they could.
  Status check(CheckFindings& findings) const;
  // In a child after fork(): leaves the parent's file alone.
  void abandon() noexcept;
  const std::string& path() const noexcept { return options_.path; }

  // To be called before each append(): sees to it that the right file is open,
  // and has room for `bytes` unless it is empty. Fails only if there is no file
  // left that could be written to.
  Status prepare(Time now, std::size_t bytes) {
    if (!is_check_due(now, bytes) &&
        (rotation_ == Rotation::none || !is_rotation_due(now, bytes))) {
      return {};
    }
    return attend(now, bytes);
  }
  // Lets the next prepare() look at the path in any case.
  void distrust_path() noexcept { must_check_ = true; }
  // Makes sure that what was written is in a file that has a name.
  Status confirm();

  // How many bytes may be added before prepare() is to be called again.
  std::uint64_t room() const noexcept {
    if (rotation_ != Rotation::size || rotation_failing_) return UINT64_MAX;
    const std::uint64_t room =
        size_ < options_.max_bytes ? options_.max_bytes - size_ : 0;
    return room < step() ? room : step();
  }

  // Adds whole lines. On failure, *written tells how many bytes got into the
  // file.
  Status append(std::string_view lines, std::size_t* written);
  // Takes the last `bytes` out again, which are a line torn by a failed
  // append(). Where that cannot be done, as another process has added to the
  // file since, the next append() ends the torn line first.
  void take_back(std::size_t bytes) noexcept;

  // What does not work although lines still get into the file: rotation,
  // opening the path again, or compression of old files.
  bool has_complaint() const noexcept { return has_complaint_; }
  std::string take_complaint();

 private:
  bool is_check_due(Time now, std::size_t bytes) const noexcept {
    return must_check_ || size_ >= check_size_ ||
           are_apart(now, checked_, check_interval_) ||
           (!unconfirmed_.empty() && !unconfirmed_.has_room(bytes));
  }
  bool is_rotation_due(Time now, std::size_t bytes) noexcept;
  // What this process may add before it looks at how much others have added.
  std::uint64_t step() const noexcept {
    return options_.max_bytes < 16 ? 1 : options_.max_bytes / 16;
  }
  void note_size(std::uint64_t size) noexcept;
  Status attend(Time now, std::size_t bytes);
  bool is_in_place();
  Status follow_path(Time now);
  Status leave_file();
  Status reopen();
  void adopt(Folder folder, File file);
  Status write_lost();
  void learn_period(Time now) noexcept;
  void rotate(Time now, std::size_t bytes);
  Status rotate_locked(Time now, std::size_t bytes);
  Status move_away() const;
  void compress_old();
  void note_complaints() noexcept;

  // What each append() looks at, on as few cache lines as possible: after a
  // system call, few of them are left in the cache.
  File file_;
  Rotation rotation_ = Rotation::none;  // none also for what is no regular file
  bool torn_ = false;                   // it does not end in a newline
  bool must_check_ = true;
  bool rotation_failing_ = false;
  bool has_complaint_ = false;
  std::uint64_t size_ = 0;  // as far as known; others may have added
  std::uint64_t check_size_ = UINT64_MAX;  // at which that is looked at
  Time checked_;                           // when the path was looked at
  std::int64_t check_interval_ = 0;
  UnconfirmedLines unconfirmed_;

  Complaint rotation_complaint_;
  Complaint path_complaint_;
  LogFileOptions options_;
  const OldFiles old_;
  std::shared_ptr<CompressionJob> compression_;  // once there was a file
  Folder folder_;
  struct stat identity_ = {};  // of the file
  LogPeriods periods_;         // for rotation by date
  std::int64_t period_ = 0;    // of the first line
  bool period_known_ = false;
  bool opened_ = false;        // once
  Time rotation_failed_;       // valid if rotation_failing_
  int rotations_blocked_ = 0;  // in a row, by another process
};

}  // namespace stogger
