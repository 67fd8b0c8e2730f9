#include "sinks/parquet/twin_files.h"

#include <cerrno>
#include <utility>

#include "base/quote.h"
#include "sinks/parquet/names.h"

namespace stogger {

TwinFiles::TwinFiles(TwinFilesOptions options)
    : options_(std::move(options)),
      claim_(options_.path, options_.modes),
      may_overwrite_(options_.overwrite) {}

Status TwinFiles::open(bool* resumed) {
  *resumed = is_open();
  if (is_open()) return {};
  Status status = claim();
  if (!status.ok()) return status;
  is_open_ = true;
  const DiskFile::Identity closed = std::exchange(closed_, {});
  // Whatever else is there was left by another writer.
  *resumed = closed != DiskFile::Identity() &&
             front_.open(claim_.folder(), claim_.name()).ok() &&
             front_.identity() == closed && front_.size() == closed_size_;
  if (!*resumed) begin_anew();
  return {};
}

Status TwinFiles::claim() {
  Status status = claim_.take();
  back_name_ = back_name_of(claim_.name());
  // A writer that was killed may have left one.
  if (status.ok()) status = remove_back();
  if (!status.ok()) claim_.release();
  return status;
}

bool TwinFiles::has_moved() const noexcept {
  return front_.is_open() && (!front_.is_at(claim_.folder(), claim_.name()) ||
                              !claim_.is_in_place());
}

Status TwinFiles::keep_claim() {
  if (claim_.is_in_place()) return claim_.keep();
  if (front_.is_open()) {
    return Status(Code::unavailable,
                  "the folder has just been moved away; a new file is begun");
  }
  let_go();
  return claim();
}

void TwinFiles::begin_anew() noexcept {
  try {
    if (front_.is_open() && claim_.is_in_place() && ensure_back().ok()) {
      keep_mode();
    }
  } catch (...) {
    // Without memory, the new file has the mode of any other.
  }
  front_.close();
  content_ = 0;
  back_content_ = 0;
}

// ---- Adding to the content

Status TwinFiles::publish(std::string_view added, std::string_view end) {
  constexpr int kAttempts = 2;
  Status status = keep_claim();
  // Until then, the name may stand for what is to be overwritten now.
  if (status.ok()) status = bring_names_to_disk();
  for (int i = 0; i < kAttempts && status.ok(); ++i) {
    status = ensure_back();
    if (status.ok()) keep_mode();
    if (status.ok()) status = fill_back(added, end);
    if (!status.ok() || back_.is_at(claim_.folder(), back_name_)) break;
    // Someone has cleared it away.
    back_.close();
  }
  if (!status.ok()) return status;
  if (!back_.is_open()) {
    return Status(Code::unavailable,
                  "another program keeps taking " +
                      quoted(claim_.folder().path_of(back_name_)) +
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

Status TwinFiles::bring_names_to_disk() {
  if (!options_.sync || names_are_on_disk_) return {};
  const int error = stogger::bring_names_to_disk(claim_.folder());
  names_are_on_disk_ = error == 0;
  if (error == 0) return {};
  return file_failure(
      "cannot bring the names beside " + quoted(path()) + " to the disk",
      error);
}

Status TwinFiles::ensure_back() {
  if (back_.is_at(claim_.folder(), back_name_)) return {};
  back_.close();
  back_content_ = 0;
  Status status = remove_back();
  return status.ok() ? back_.create(claim_.folder(), back_name_) : status;
}

// What has the name now may have been given another mode than new files get.
void TwinFiles::keep_mode() {
  struct stat present;
  const bool is_there =
      front_.is_open() ? front_.look_up(&present)
                       : may_overwrite_ &&
                             claim_.folder().look_up(claim_.name(), &present) &&
                             S_ISREG(present.st_mode);
  if (is_there) back_.inherit(claim_.folder(), present);
}

Status TwinFiles::remove_back() {
  const int error = claim_.folder().remove(back_name_);
  if (error == 0 || error == ENOENT) return {};
  return file_failure(
      "cannot remove " + quoted(claim_.folder().path_of(back_name_)), error);
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

// ---- The names

Status TwinFiles::swap_names() {
  if (!front_.is_at(claim_.folder(), claim_.name())) {
    return Status(Code::unavailable,
                  "the file has just been moved away; a new one is begun");
  }
  if (const int error =
          exchange_names(claim_.folder(), claim_.name(), back_name_);
      error != 0) {
    return file_failure("cannot swap " +
                            quoted(claim_.folder().path_of(back_name_)) +
                            " and the file",
                        error);
  }
  if (front_.is_at(claim_.folder(), back_name_)) return {};
  // Someone has put another file there meanwhile; it would be overwritten.
  Status status = put_front_aside(back_name_);
  if (!status.ok()) {
    exchange_names(claim_.folder(), claim_.name(), back_name_);
  } else {
    notice_ = "another program has put a file at " + quoted(path()) +
              ", which is kept under a dated name";
  }
  return status;
}

// What has the name, if anything, belongs to other writers.
Status TwinFiles::take_name() {
  int error = 0;
  if (may_overwrite_) {
    error = claim_.folder().rename(back_name_, claim_.name());
    if (error != 0) {
      return file_failure("cannot overwrite " + quoted(path()), error);
    }
    may_overwrite_ = false;
    return {};
  }
  constexpr int kAttempts = 4;
  for (int i = 0; i < kAttempts; ++i) {
    error = claim_.folder().rename_to_new(back_name_, claim_.name());
    if (error == 0) return {};
    if (error != EEXIST) break;
    Status status = put_front_aside(claim_.name());
    if (!status.ok()) return status;
  }
  return file_failure("cannot rename " +
                          quoted(claim_.folder().path_of(back_name_)) + " to " +
                          quoted(path()),
                      error);
}

Status TwinFiles::put_front_aside(const std::string& name) {
  return set_aside(claim_.folder(), name, claim_.name(), options_.clock->now());
}

Status TwinFiles::put_aside() {
  if (!front_.is_open()) return {};
  Status status;
  if (front_.is_at(claim_.folder(), claim_.name()))
    status = put_front_aside(claim_.name());
  if (status.ok()) begin_anew();
  return status;
}

// ---- The end

void TwinFiles::close() noexcept {
  if (!is_open()) return;
  is_open_ = false;
  closed_ = front_.identity();
  closed_size_ = front_.size();
  let_go();
}

// Removes what is of no use to others, as far as it is this writer's.
void TwinFiles::let_go() noexcept {
  if (back_.is_at(claim_.folder(), back_name_)) {
    claim_.folder().remove(back_name_);
  }
  front_.close();
  back_.close();
  back_content_ = 0;
  claim_.release();
}

void TwinFiles::abandon() noexcept {
  is_open_ = false;
  closed_ = {};
  front_.close();
  back_.close();
  back_content_ = 0;
  claim_.forget();
}

}  // namespace stogger
