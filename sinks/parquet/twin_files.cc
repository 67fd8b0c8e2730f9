#include "sinks/parquet/twin_files.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/quote.h"
#include "sinks/parquet/names.h"

namespace stogger {
namespace {

using Opening = LockedFile::Opening;

}  // namespace

TwinFiles::TwinFiles(TwinFilesOptions options)
    : options_(std::move(options)),
      path_(options_.path),
      folder_(folder_of(path_)),
      may_overwrite_(options_.overwrite) {}

Status TwinFiles::open(bool* resumed) {
  // More processes than this do not share a path by intention.
  constexpr int kMost = 100;
  *resumed = false;
  if (is_open()) {
    *resumed = true;
    return {};
  }
  const LockedFile::Identity closed = std::exchange(closed_, {});
  Status status = create_parent_folder(options_.path);
  bool in_use = true;
  for (int number = 1; status.ok() && in_use; ++number) {
    if (number > kMost) {
      return Status(Code::unavailable,
                    "too many other processes write to files of this name: "
                    "give this one a path of its own");
    }
    status = claim(numbered(options_.path, number), &in_use);
  }
  if (!status.ok()) {
    abandon();
    closed_ = closed;
    return status;
  }
  *resumed = front_.is_open() && front_.identity() == closed &&
             closed != LockedFile::Identity() && front_.size() == closed_size_;
  is_open_ = true;
  if (!*resumed) begin_anew();
  return {};
}

// The back is claimed first: who has it may do what it likes with the front.
Status TwinFiles::claim(const std::string& path, bool* in_use) {
  path_ = path;
  back_path_ = back_path_of(path);
  *in_use = false;
  Status status;
  constexpr int kAttempts = 4;
  for (int i = 0; i < kAttempts; ++i) {
    switch (back_.open(back_path_, true, &status)) {
      case Opening::failed:
      case Opening::read_only:
      case Opening::missing:
        return status;
      case Opening::in_use:
        *in_use = true;
        return {};
      case Opening::done:
        break;
    }
    // Its owner may just have removed or renamed it.
    if (back_.is_at(back_path_)) break;
    back_.close();
  }
  if (!back_.is_open()) {
    *in_use = true;
    return {};
  }
  back_content_ = 0;
  status = back_.truncate(0);
  if (!status.ok()) return status;
  struct stat info;
  if (::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) return {};
  switch (front_.open(path, false, &status)) {
    case Opening::failed:
      remove_back();
      return status;
    case Opening::in_use:
      remove_back();
      *in_use = true;
      return {};
    case Opening::read_only:  // of another life: it will be put aside
    case Opening::missing:
    case Opening::done:
      break;
  }
  return {};
}

void TwinFiles::begin_anew() noexcept {
  front_.close();
  content_ = 0;
  back_content_ = 0;
}

Status TwinFiles::publish(std::string_view added, std::string_view end) {
  constexpr int kAttempts = 2;
  // Until then, the name may stand for what is to be overwritten now.
  if (const int error = bring_names_to_disk(); error != 0) {
    return file_failure(
        "cannot bring the names in " + quoted(folder_) + " to the disk", error);
  }
  Status status;
  for (int i = 0; i < kAttempts; ++i) {
    status = ensure_back();
    if (status.ok()) status = fill_back(added, end);
    if (!status.ok()) return status;
    if (back_.is_at(back_path_)) break;
    // Someone has cleared it away.
    back_.close();
  }
  if (!back_.is_open()) {
    return Status(Code::unavailable, "another program keeps taking " +
                                         quoted(back_path_) +
                                         " away, which is a part of this file");
  }
  status = front_.is_open() ? swap_names() : take_name();
  if (!status.ok()) return status;
  const std::uint64_t before = std::exchange(content_, content_ + added.size());
  std::swap(front_, back_);
  back_content_ = before;
  names_are_on_disk_ = false;
  // If this fails, the next call tells before it overwrites anything.
  static_cast<void>(bring_names_to_disk());
  return {};
}

// 0, or else errno.
int TwinFiles::bring_names_to_disk() noexcept {
  const bool is_needed = options_.sync && !names_are_on_disk_;
  const int error = is_needed ? sync_folder(folder_) : 0;
  names_are_on_disk_ = error == 0;
  return error;
}

Status TwinFiles::ensure_back() {
  if (back_.is_open() && back_.is_at(back_path_)) return {};
  constexpr int kAttempts = 100;
  constexpr timespec kMillisecond = {0, 1000000};
  back_.close();
  back_content_ = 0;
  Status status = create_parent_folder(back_path_);
  for (int i = 0; i < kAttempts && status.ok(); ++i) {
    const Opening opening = back_.open(back_path_, true, &status);
    if (!status.ok()) break;
    if (opening == Opening::done && back_.is_at(back_path_)) return status;
    // Another process looks whether the name is free: it is about to let go.
    back_.close();
    ::nanosleep(&kMillisecond, nullptr);
  }
  if (!status.ok()) return status;
  return Status(Code::unavailable,
                "another process has taken " + quoted(back_path_) + ": end it");
}

Status TwinFiles::fill_back(std::string_view added, std::string_view end) {
  Status status;
  if (back_content_ < content_) {
    status = back_.copy(front_, back_content_, content_);
    if (!status.ok()) return status;
    back_content_ = content_;
  }
  status = back_.write(added, content_);
  const std::uint64_t behind = content_ + added.size();
  if (status.ok()) status = back_.write(end, behind);
  if (status.ok()) status = back_.truncate(behind + end.size());
  if (status.ok() && options_.sync) status = back_.sync();
  return status;
}

Status TwinFiles::swap_names() {
  if (!front_.is_at(path_)) {
    return Status(Code::unavailable,
                  "the file has just been moved away; a new one is begun");
  }
  if (!exchange_names(path_, back_path_)) {
    return file_failure("cannot swap " + quoted(back_path_) + " and the file",
                        errno);
  }
  if (front_.is_at(back_path_)) return {};
  // Someone has put another file there meanwhile; it would be overwritten.
  Status status = set_aside(back_path_, path_, options_.clock->now());
  if (!status.ok()) exchange_names(path_, back_path_);
  return status;
}

// What is at the path, if anything, is of others, or of another life.
Status TwinFiles::take_name() {
  if (may_overwrite_) {
    if (::rename(back_path_.c_str(), path_.c_str()) != 0) {
      return file_failure("cannot overwrite " + quoted(path_), errno);
    }
    may_overwrite_ = false;
    return {};
  }
  Status status;
  constexpr int kAttempts = 4;
  for (int i = 0; i < kAttempts; ++i) {
    if (rename_to_new(back_path_, path_)) return {};
    if (errno != EEXIST) break;
    status = set_aside(path_, path_, options_.clock->now());
    if (!status.ok()) return status;
  }
  return file_failure(
      "cannot rename " + quoted(back_path_) + " to " + quoted(path_), errno);
}

Status TwinFiles::put_aside() {
  if (!front_.is_open()) return {};
  // Who has the back has the path, where there will be no front.
  Status status = ensure_back();
  if (status.ok() && front_.is_at(path_)) {
    status = set_aside(path_, path_, options_.clock->now());
  }
  if (status.ok()) begin_anew();
  return status;
}

void TwinFiles::remove_back() noexcept {
  if (back_.is_at(back_path_)) ::unlink(back_path_.c_str());
  back_.close();
  back_content_ = 0;
}

void TwinFiles::close() noexcept {
  if (!is_open()) return;
  is_open_ = false;
  remove_back();
  closed_ = front_.identity();
  closed_size_ = front_.size();
  front_.close();
}

void TwinFiles::abandon() noexcept {
  is_open_ = false;
  front_.close();
  back_.close();
  back_content_ = 0;
  closed_ = {};
}

}  // namespace stogger
