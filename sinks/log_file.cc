#include "sinks/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "base/timestamp.h"

namespace stogger {
namespace {

constexpr std::int64_t kSecond = 1000000000;
constexpr std::int64_t kCheckInterval = kSecond / 2;
constexpr std::int64_t kRotationRetry = kSecond;
constexpr std::size_t kDateSize = 10;  // "2026-11-21"

// True if the times are at least that far apart, whichever is the later one:
// clocks may be set back, and threads come a little out of order.
bool are_apart(Time a, Time b, std::int64_t distance) noexcept {
  const auto forward =
      static_cast<std::uint64_t>(a.ns) - static_cast<std::uint64_t>(b.ns);
  return std::min(forward, 0 - forward) >= static_cast<std::uint64_t>(distance);
}

// True once for each path in the life of the process.
bool is_first_opening(const std::string& path) {
  static std::mutex mutex;
  static auto* const opened = new std::set<std::string>;  // never destroyed
  const std::lock_guard lock(mutex);
  return opened->insert(path).second;
}

// True also if it cannot be told: what may be there must not be overwritten.
bool exists(const std::string& path) noexcept {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 || errno != ENOENT;
}

bool move(const std::string& from, const std::string& to) noexcept {
  return ::rename(from.c_str(), to.c_str()) == 0;
}

// False if the open file, which should be at that path, ends in the middle of a
// line.
bool ends_in_newline(const File& file, const std::string& path) noexcept {
  const int reader = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (reader == -1) return true;
  struct stat info;
  char last = '\n';
  if (file.is(reader) && ::fstat(reader, &info) == 0 && info.st_size > 0) {
    static_cast<void>(::pread(reader, &last, 1, info.st_size - 1) == 1);
  }
  ::close(reader);
  return last == '\n';
}

std::string date_text(std::int64_t day) {
  char text[kDateSize];
  write_date(text, Time{day * 24 * 3600 * kSecond});
  return std::string(text, kDateSize);
}

// A file PATH.2026-11-21, or PATH.2026-11-21.1 if that was taken, and so on.
struct DatedFile {
  std::string date;
  unsigned number = 0;
  std::filesystem::path path;
};

// Reads what follows "PATH." in a file name.
bool read_dated(std::string_view suffix, DatedFile* file) {
  if (suffix.size() < kDateSize) return false;
  for (std::size_t i = 0; i < kDateSize; ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? suffix[i] != '-' : suffix[i] < '0' || suffix[i] > '9') {
      return false;
    }
  }
  file->date = suffix.substr(0, kDateSize);
  suffix.remove_prefix(kDateSize);
  if (suffix.empty()) return true;
  const char* const end = suffix.data() + suffix.size();
  return suffix.size() > 1 && suffix[0] == '.' &&
         std::from_chars(suffix.data() + 1, end, file->number).ptr == end;
}

}  // namespace

LogFile::LogFile(LogFileOptions options) : options_(std::move(options)) {}

Status LogFile::open() {
  if (file_.is_open()) return {};
  Status status = create_parent_folder(options_.path);
  if (!status.ok()) return status;
  File file;
  status = file.open_append(options_.path, false);
  if (!status.ok()) return status;
  const bool first = options_.each_truncates ? !std::exchange(opened_, true)
                                             : is_first_opening(options_.path);
  if (file.is_regular() && first && options_.truncate) {
    file.truncate(0);
  }
  adopt(std::move(file));
  return {};
}

// Leaves the present file alone if there is no other.
Status LogFile::reopen() {
  Status status = create_parent_folder(options_.path);
  if (!status.ok()) return status;
  File file;
  status = file.open_append(options_.path, false);
  if (status.ok()) adopt(std::move(file));
  return status;
}

void LogFile::adopt(File file) {
  file_ = std::move(file);
  must_check_ = false;
  rotation_failing_ = false;
  const bool regular = file_.is_regular();
  rotation_ =
      regular && options_.backup_count > 0 ? options_.rotation : Rotation::none;
  size_ = regular ? file_.size() : 0;
  day_known_ = false;
  // Only if nobody else may be writing, an incomplete line is a torn one, left
  // by a crash or a full disk.
  torn_ = size_ > 0 && file_.claim() && !ends_in_newline(file_, options_.path);
  if (regular) file_.share();
}

void LogFile::learn_day(Time now) noexcept {
  day_ = day_of(now);
  day_known_ = true;
  struct stat info;
  if (::fstat(file_.descriptor(), &info) == 0 && info.st_size > 0) {
    // The day of its last line is that of its first: had another day begun in
    // between, whoever wrote then would have rotated the file.
    day_ = day_of(Time{info.st_mtim.tv_sec * kSecond});
  }
}

bool LogFile::is_check_due(Time now) const noexcept {
  return must_check_ || are_apart(now, checked_, kCheckInterval);
}

bool LogFile::is_rotation_due(Time now, std::size_t bytes) const noexcept {
  switch (rotation_) {
    case Rotation::none:
      return false;
    case Rotation::size:
      return size_ > 0 &&
             (size_ > options_.max_bytes || bytes > options_.max_bytes - size_);
    case Rotation::daily: {
      if (!day_known_) return true;
      // Threads come a little out of order: going back needs more than that.
      const std::int64_t day = day_of(now);
      return day > day_ || day < day_ - 1;
    }
  }
  return false;
}

Status LogFile::attend(Time now, std::size_t bytes) {
  if (is_check_due(now)) {
    Status status = follow_path(now);
    if (!status.ok()) return status;
  }
  if (rotation_ == Rotation::daily && !day_known_) learn_day(now);
  if (is_rotation_due(now, bytes) &&
      !(rotation_failing_ &&
        !are_apart(now, rotation_failed_, kRotationRetry))) {
    rotate(now, bytes);
  }
  return {};
}

Status LogFile::follow_path(Time now) {
  checked_ = now;
  must_check_ = false;
  if (file_.is_at(options_.path)) {
    if (rotation_ != Rotation::none) size_ = file_.size();
    return {};
  }
  Status status = reopen();
  // A file that was only moved still keeps what is written to it.
  if (!status.ok() && !file_.is_deleted()) return {};
  return status;
}

void LogFile::rotate(Time now, std::size_t bytes) {
  rotation_failed_ = now;
  rotation_failing_ = true;
  if (!file_.try_lock()) {
    // Someone is just rotating it.
    must_check_ = true;
    return;
  }
  if (file_.is_at(options_.path)) {
    size_ = file_.size();
    if (!is_rotation_due(now, bytes)) {
      file_.unlock();
      rotation_failing_ = false;
      return;
    }
    const bool moved =
        rotation_ == Rotation::size ? shift_numbered() : shift_dated();
    if (!moved) {
      file_.unlock();
      return;
    }
  }
  // Moved, by this or another process. The lock goes with the old file.
  const bool dated = rotation_ == Rotation::daily;
  if (!reopen().ok()) {
    file_.unlock();
    return;
  }
  if (dated) {
    learn_day(now);
    remove_old_dated();
  }
}

// Only the files up to the first gap move, so that a process that died half way
// through has done no harm.
bool LogFile::shift_numbered() const {
  const auto numbered = [this](std::size_t number) {
    return options_.path + "." + std::to_string(number);
  };
  std::size_t target = 1;
  while (target < options_.backup_count && exists(numbered(target))) ++target;
  for (; target > 1; --target) {
    if (!move(numbered(target - 1), numbered(target))) return false;
  }
  return move(options_.path, numbered(1));
}

bool LogFile::shift_dated() const {
  constexpr unsigned kMostOfOneDay = 10000;
  const std::string dated = options_.path + "." + date_text(day_);
  std::string target = dated;
  for (unsigned number = 1; exists(target); ++number) {
    if (number > kMostOfOneDay) return false;
    target = dated + "." + std::to_string(number);
  }
  return move(options_.path, target);
}

void LogFile::remove_old_dated() const {
  const std::filesystem::path path(options_.path);
  const std::string prefix = path.filename().string() + ".";
  std::filesystem::path folder = path.parent_path();
  if (folder.empty()) folder = ".";
  std::vector<DatedFile> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    DatedFile file;
    if (name.starts_with(prefix) &&
        read_dated(std::string_view(name).substr(prefix.size()), &file)) {
      file.path = entry->path();
      files.push_back(std::move(file));
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return std::tie(a.date, a.number) > std::tie(b.date, b.number);
  });
  for (std::size_t i = options_.backup_count; i < files.size(); ++i) {
    ::unlink(files[i].path.c_str());
  }
}

Status LogFile::append(std::string_view lines, std::size_t* written) {
  *written = 0;
  if (torn_) {
    Status status = file_.write("\n", written);
    if (!status.ok()) return status;
    torn_ = false;
    ++size_;
  }
  Status status = file_.write(lines, written);
  size_ += *written;
  return status;
}

void LogFile::take_back(std::size_t bytes) noexcept {
  torn_ = true;
  if (!file_.is_regular() || !file_.lock()) return;
  // Whoever adds a line in the moment between these two calls loses it: had it
  // come earlier, it would have been added to the torn one.
  const std::uint64_t end = file_.position();
  if (end >= bytes && file_.size() == end && file_.truncate(end - bytes)) {
    torn_ = false;
    size_ = end - bytes;
  }
  file_.unlock();
}

}  // namespace stogger
