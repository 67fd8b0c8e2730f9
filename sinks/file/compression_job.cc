#include "sinks/file/compression_job.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/are_apart.h"
#include "base/quote.h"
#include "os/process.h"

namespace stogger {
namespace {

constexpr std::int64_t kOneSecond = 1000000000;
// While another process has a lock.
constexpr std::int64_t kRetry = kOneSecond;
constexpr std::size_t kPiece = 128 * 1024;

Time last_write(const struct stat& file) noexcept {
  return {file.st_mtim.tv_sec * kOneSecond + file.st_mtim.tv_nsec};
}

bool is_quiet(const struct stat& file, Time now) noexcept {
  return are_apart(now, last_write(file), CompressionJob::kQuiet);
}

Status failure(std::string_view what, int error) {
  return Status(Code::unavailable,
                std::string(what) + ": " + error_advice(error));
}

}  // namespace

void CompressionJob::look_in(Folder folder) {
  const std::lock_guard lock(mutex_);
  next_folder_ = std::move(folder);
}

std::string CompressionJob::take_notice() {
  const std::lock_guard lock(mutex_);
  has_notice_.store(false, std::memory_order_relaxed);
  return std::exchange(notice_, {});
}

void CompressionJob::notice(std::string text) {
  const std::lock_guard lock(mutex_);
  notice_ = std::move(text);
  has_notice_.store(true, std::memory_order_relaxed);
}

CompressionJob::Next CompressionJob::step(Time now, Time* when) noexcept {
  Next next = Next::done;
  try {
    const Status status = !source_  ? begin(now, when, &next)
                          : !ended_ ? encode(&next)
                                    : finish(now, when, &next);
    if (status.ok()) return next;
    fail(status.message());
  } catch (...) {
    discard();
  }
  return Next::done;
}

// The oldest file goes first: it will be removed first.
Status CompressionJob::begin(Time now, Time* when, Next* next) {
  {
    const std::lock_guard lock(mutex_);
    if (next_folder_.is_open()) folder_ = std::move(next_folder_);
  }
  if (!folder_.is_open()) return {};
  const std::vector<std::string> names = old_.find_plain(folder_);
  *next = Next::done;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    struct stat info;
    if (!folder_.look_up(*name, &info)) continue;
    if (is_quiet(info, now)) {
      *when = {now.ns + kRetry};
      return open(*name, next);
    }
    const Time due{last_write(info).ns + kQuiet};
    if (*next == Next::done || due < *when) *when = due;
    *next = Next::later;
  }
  if (*next == Next::later || !folder_.exists(temporary())) return {};
  // Left by a process that was killed, or another one is about it.
  const NoFork no_fork;
  if (target_.open_existing(folder_, temporary()).ok() && target_.try_lock()) {
    drop_target();
  }
  close();
  return {};
}

// Later, if another process is about it.
Status CompressionJob::open(const std::string& name, Next* next) {
  const NoFork no_fork;
  int descriptor = -1;
  int error = 0;
  Status status = folder_.open_file(name, O_RDONLY, Folder::Creation::never, 0,
                                    &descriptor, &error);
  source_.reset(descriptor);
  *next = error == ENOENT ? Next::now : Next::later;
  if (error == ENOENT) return {};  // rotated meanwhile
  if (!status.ok()) return status;
  struct stat info;
  if (::fstat(source_.get(), &info) != 0) return failure("cannot read", errno);
  status = target_.open(folder_, temporary(), info);
  if (!status.ok()) return status;
  if (!target_.try_lock() || !target_.is_at(folder_, temporary())) {
    close();
    return {};
  }
  if (::ftruncate(target_.descriptor(), 0) != 0) {
    return failure("cannot write", errno);
  }
  encoder_ = make_encoder(compression_);
  if (encoder_ == nullptr) return Status(Code::unavailable, "no memory");
  read_ = 0;
  ended_ = false;
  *next = Next::now;
  return {};
}

Status CompressionJob::encode(Next* next) {
  *next = Next::now;
  char* const bytes = piece_.reserve(kPiece);
  ssize_t count = -1;
  do {
    count = ::read(source_.get(), bytes, kPiece);
  } while (count == -1 && errno == EINTR);
  if (count < 0) return failure("cannot read", errno);
  read_ += static_cast<std::uint64_t>(count);
  Status status = write({bytes, static_cast<std::size_t>(count)}, count == 0);
  if (!status.ok() || count != 0) return status;
  ended_ = true;
  // The source must not be gone before this is on the disk.
  if (::fdatasync(target_.descriptor()) == 0) return {};
  return failure("cannot write", errno);
}

Status CompressionJob::write(std::string_view bytes, bool last) {
  encoded_.clear();
  Status status = encoder_->add(bytes, last, encoded_);
  if (!status.ok()) return status;
  File file;
  file.borrow(target_.descriptor());
  std::size_t written = 0;
  return file.write(encoded_.view(), &written);
}

Status CompressionJob::finish(Time now, Time* when, Next* next) {
  *next = Next::now;
  struct stat source;
  if (::fstat(source_.get(), &source) != 0) {
    return failure("cannot read", errno);
  }
  const auto size = static_cast<std::uint64_t>(source.st_size);
  if (size > read_) {
    ended_ = false;  // a late line
  } else if (size < read_ || source.st_nlink == 0) {
    discard();
  } else if (!is_quiet(source, now)) {
    *when = {last_write(source).ns + kQuiet};
    *next = Next::later;
  } else {
    const NoFork no_fork;
    LockFile rotation;
    Status status = rotation.open(folder_, folder_.name() + ".lock", source);
    if (!status.ok()) return status;
    if (!rotation.try_lock()) {
      *when = {now.ns + kRetry};
      *next = Next::later;
      return {};
    }
    return replace(source, next);
  }
  return {};
}

// With the lock of rotation held, so that no name changes.
Status CompressionJob::replace(const struct stat& source, Next* next) {
  *next = Next::now;
  const std::string name = find_name(source);
  if (name.empty()) {
    drop_target();
    close();
    return {};
  }
  File file;
  file.borrow(target_.descriptor());
  file.inherit(folder_, source);
  const timespec times[] = {source.st_atim, source.st_mtim};
  static_cast<void>(::futimens(target_.descriptor(), times));
  struct stat present;
  if (::fstat(source_.get(), &present) == 0 &&
      present.st_size != source.st_size) {
    ended_ = false;
    return {};
  }
  const std::string compressed = name + std::string(suffix_of(compression_));
  int error = folder_.rename(temporary(), compressed);
  if (error == 0) error = folder_.remove(name);
  if (error != 0) return failure("cannot replace the file", error);
  close();
  succeed();
  return {};
}

// The name that the source has now; empty if it was removed.
std::string CompressionJob::find_name(const struct stat& source) const {
  for (const std::string& name : old_.find_plain(folder_)) {
    struct stat info;
    if (folder_.look_up(name, &info) && is_same_file(info, source)) return name;
  }
  return {};
}

void CompressionJob::discard() noexcept {
  const NoFork no_fork;
  drop_target();
  close();
}

// Its lock is held.
void CompressionJob::drop_target() noexcept {
  try {
    if (target_.is_open() && target_.is_at(folder_, temporary())) {
      static_cast<void>(folder_.remove(temporary()));
    }
  } catch (...) {
    // Without memory for the name it stays, and is used the next time.
  }
}

void CompressionJob::close() noexcept {
  source_.reset();
  target_.close();
  encoder_.reset();
  piece_.recycle(0);
  encoded_.recycle(0);
}

void CompressionJob::fail(std::string_view why) {
  discard();
  if (failures_++ != 0) return;
  notice("an old file cannot be compressed, and stays as it is: " +
         std::string(why));
}

void CompressionJob::succeed() {
  const std::uint64_t failures = std::exchange(failures_, 0);
  if (failures == 0) return;
  notice("old files are compressed again; " + std::to_string(failures) +
         (failures == 1 ? " attempt" : " attempts") + " had failed");
}

void CompressionJob::leave_to_parent() noexcept {
  source_.reset();
  target_.close();
}

}  // namespace stogger
