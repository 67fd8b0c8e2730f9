#include "sinks/common/unconfirmed_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>

#include "os/file.h"

namespace stogger {
namespace {

constexpr std::int64_t kSecond = 1000000000;
// What is more was lost with one file after the other, all deleted at once.
constexpr std::size_t kMostLost = 1024 * 1024;

std::int64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

std::int64_t age(const timespec& time) noexcept {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now) - nanoseconds(time);
}

// What removes the last name sets the time of change alone; a write sets both,
// whoever writes. To within a tick of the kernel's clock.
bool was_written_when_deleted(const struct stat& file) noexcept {
  return file.st_nlink == 0 &&
         nanoseconds(file.st_ctim) <= nanoseconds(file.st_mtim);
}

}  // namespace

void UnconfirmedLines::start(bool lines_may_be_late) {
  lines_may_be_late_ = lines_may_be_late;
  clear();
  lines_.recycle(2 * kMost);
  static_cast<void>(lines_.reserve(kMost));
}

void UnconfirmedLines::leave(int descriptor, const struct stat& identity) {
  check_left();
  forget_left();
  std::string_view suspect = lines_.view();
  struct stat file;
  const bool lost =
      ::fstat(descriptor, &file) == 0 && was_written_when_deleted(file);
  if (!lost) suspect.remove_prefix(std::min(late_from_, suspect.size()));
  left_lines_.append(suspect);
  clear();
  if (lost) return lose_left();
  if (left_lines_.empty()) return;
  left_identity_ = identity;
  left_.reset(::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  check_left();
}

// The path may lead to the file that was left after all.
void UnconfirmedLines::check_left(const struct stat& file) {
  is_same_file(file, left_identity_) ? forget_left() : check_left();
}

// Without a descriptor, or if it does not tell, the next leave() gives up.
void UnconfirmedLines::check_left() {
  struct stat file;
  if (!left_ || ::fstat(left_.get(), &file) != 0) return;
  const bool deleted = file.st_nlink == 0;
  const std::int64_t kept =
      deleted ? nanoseconds(file.st_ctim) - nanoseconds(file.st_mtim)
              : age(file.st_mtim);
  if (kept > kPatience) {
    forget_left();
  } else if (deleted) {
    lose_left();
  }
}

void UnconfirmedLines::end_watch() {
  constexpr int kMostWaits = 50;
  constexpr timespec kWait = {0, 1000000};
  check_left();
  for (int i = 0; i < kMostWaits && !left_lines_.empty() && left_; ++i) {
    ::nanosleep(&kWait, nullptr);
    check_left();
  }
  forget_left();
}

void UnconfirmedLines::lose_left() {
  if (lost_.size() + left_lines_.size() > kMostLost) lost_.clear();
  lost_.append(left_lines_.view());
  forget_left();
}

void UnconfirmedLines::forget_left() noexcept {
  left_.reset();
  left_lines_.recycle(0);
}

void UnconfirmedLines::recover() {
  note_time();
  lines_.append(lost_.view());
  lost_.recycle(0);
}

void UnconfirmedLines::abandon() noexcept {
  clear();
  forget_left();
  lost_.clear();
}

}  // namespace stogger
