#include "sinks/csv/csv_file.h"

#include <unistd.h>

#include <utility>

#include "base/quote.h"
#include "os/diagnostics.h"
#include "sinks/common/paths.h"
#include "sinks/csv/csv_content.h"

namespace stogger {
namespace {

bool is_in_place(const Folder& folder, const struct stat& file) noexcept {
  struct stat named;
  return folder.look_up(folder.name(), &named) && is_same_file(named, file);
}

// "NAME." and ".csv", between which the time comes.
std::pair<std::string, std::string> split_extension(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return {name + ".", ""};
  return {name.substr(0, dot) + ".", name.substr(dot)};
}

}  // namespace

CsvFile::CsvFile(CsvFileOptions options) : options_(std::move(options)) {}

Status CsvFile::open() {
  if (is_open()) return {};
  Opened opened;
  Status status = open_anew(&opened);
  if (!status.ok()) return status;
  opened_ = std::move(opened);
  return rewrite();
}

Status CsvFile::open_anew(Opened* opened) {
  constexpr int kAttempts = 16;
  bool again = true;
  Status status;
  for (int i = 0; i < kAttempts && status.ok() && again; ++i) {
    *opened = {};
    status = open_once(opened, &again);
  }
  if (status.ok() && again) {
    return Status(Code::unavailable,
                  "other programs keep moving the file while it is opened");
  }
  if (!status.ok()) return status;
  if (opened->file.is_regular()) unconfirmed_.start(true);
  unconfirmed_.confirm(opened->identity);
  adrift_ = false;
  return status;
}

// Opens the file and sees to it that it is one to add lines to. Sets *again if
// it was moved, by this or another process, so that there may be a new one.
Status CsvFile::open_once(Opened* opened, bool* again) {
  *again = false;
  unconfirmed_.begin_look();
  Status status = open_file(opened);
  if (!status.ok()) return status;
  // A pipe or a terminal gets a header from whoever opens it.
  if (!opened->file.is_regular()) return begin(opened->file);
  const Folder& folder = opened->folder;
  if (!folder.is_magic()) {
    LockFile& lock = opened->lock;
    const std::string lock_name = folder.name() + ".lock";
    status = lock.open(folder, lock_name, opened->identity);
    if (!status.ok()) return status;
    if (!lock.lock()) return lock.failure();
    if (!lock.is_at(folder, lock_name) ||
        !is_in_place(folder, opened->identity)) {
      *again = true;
      return {};
    }
  }
  if (is_to_be_truncated()) opened->file.truncate(0);
  status = inspect(opened, again);
  if (opened->lock.is_open()) opened->lock.unlock();
  // Programs that know no lock may have moved or deleted it meanwhile.
  if (!folder.is_magic() && !is_in_place(folder, opened->identity)) {
    *again = true;
    return {};
  }
  return status;
}

bool CsvFile::is_to_be_truncated() {
  if (!options_.truncate) return false;
  return options_.each_truncates ? !std::exchange(has_truncated_, true)
                                 : is_first_opening(options_.path);
}

Status CsvFile::open_file(Opened* opened) const {
  Folder& folder = opened->folder;
  Status status =
      folder.open_again(opened_.folder, options_.path, options_.modes);
  if (!status.ok()) return status;
  struct stat present;
  if (opened_.file.is_regular() &&
      ::fstat(opened_.file.descriptor(), &present) == 0) {
    status = opened->file.open_successor(folder, folder.name(), present);
  } else if (has_set_aside_) {
    status = opened->file.open_successor(folder, folder.name(), was_set_aside_);
  } else {
    status = opened->file.open_append(folder, folder.name(), false);
  }
  if (status.ok()) ::fstat(opened->file.descriptor(), &opened->identity);
  return status;
}

// Call it with the lock held.
Status CsvFile::inspect(Opened* opened, bool* again) {
  if (opened->file.size() == 0) return begin(opened->file);
  CsvContent content = CsvContent::lines;
  Status status = read_csv_content(opened->folder, options_.header, &content);
  if (!status.ok()) return status;
  switch (content) {
    case CsvContent::nothing:
      opened->file.truncate(0);
      return begin(opened->file);
    case CsvContent::lines:
      return cut_torn_csv_line(opened->folder, options_.header, opened->file);
    case CsvContent::other:
      *again = true;
      was_set_aside_ = opened->identity;
      return set_aside(opened->folder);
  }
  return {};
}

Status CsvFile::begin(File& file) const {
  std::size_t written = 0;
  Status status = file.write(options_.header, &written);
  if (!status.ok() && file.is_regular()) file.truncate(0);
  return status;
}

// Call it with the lock held.
Status CsvFile::set_aside(const Folder& folder) {
  // Two programs that want different columns would do this all the time.
  constexpr std::int64_t kMinute = 60000000000;
  const Time now = options_.clock->now();
  if (has_set_aside_ && now.ns - set_aside_at_.ns < kMinute) {
    return Status(Code::unavailable,
                  "another program writes different columns to the file: give "
                  "each a path of its own");
  }
  const auto [stem, extension] = split_extension(folder.name());
  const std::string name = dated_name(folder, stem, now, extension);
  const int error = folder.rename_to_new(folder.name(), name);
  if (error != 0) {
    return Status(Code::unavailable,
                  "the file has other columns, and cannot be renamed to " +
                      quoted(folder.path_of(name)) + ": " +
                      error_advice(error));
  }
  report(quoted(folder.path()) + " has other columns, and was renamed to " +
         quoted(name));
  has_set_aside_ = true;
  set_aside_at_ = now;
  return {};
}

Status CsvFile::check(CheckFindings& findings) const {
  Folder folder;
  bool there = false;
  Status status =
      check_path(options_.path, options_.modes, findings, &folder, &there);
  struct stat info = {};
  if (!status.ok() || !there || !folder.look_up(folder.name(), &info) ||
      !S_ISREG(info.st_mode) || info.st_size == 0) {
    return status;
  }
  status = folder.check_file(folder.name() + ".lock", true);
  if (!status.ok()) return status;
  if (options_.truncate) {
    findings.would_change("would empty " + quoted(folder.path()) + " (" +
                          std::to_string(info.st_size) + " bytes)");
    return {};
  }
  CsvContent content = CsvContent::lines;
  if (!options_.header.empty()) {
    status = read_csv_content(folder, options_.header, &content);
  }
  if (status.ok() && content == CsvContent::other) {
    const auto [stem, extension] = split_extension(folder.name());
    findings.would_change("would rename " + quoted(folder.path()) + " to " +
                          quoted(stem + "TIME" + extension) +
                          ", as its first line names other columns");
  }
  return status;
}

Status CsvFile::close() {
  Status status = confirm();
  if (!unconfirmed_.are_lost()) unconfirmed_.end();
  const Status closed = opened_.file.close();
  opened_ = {};
  return status.ok() ? closed : status;
}

// Makes sure that what was written is in a file that has a name.
Status CsvFile::confirm() {
  if (!is_open()) return rewrite();
  std::uint64_t size = 0;
  if (!unconfirmed_.empty() && !look(&size) &&
      (unconfirmed_.has_late() || opened_.file.is_deleted())) {
    Status status = leave_file();
    if (!status.ok()) return status;
  }
  unconfirmed_.end_watch();
  return rewrite();
}

void CsvFile::abandon() noexcept {
  opened_.file.abandon();
  opened_.lock.close();
  opened_.folder.close();
  unconfirmed_.abandon();
}

// True if the path leads to the file, or to none that could be opened. Learns
// the size of the file.
bool CsvFile::look(std::uint64_t* size) {
  unconfirmed_.begin_look();
  const Folder::Way way =
      opened_.folder.find_way(options_.path, opened_.identity, size);
  if (way != Folder::Way::to_file) *size = opened_.file.size();
  const bool is_gone = way != Folder::Way::to_file && opened_.file.is_deleted();
  if (is_gone || way == Folder::Way::elsewhere) return adrift_ && !is_gone;
  adrift_ = false;
  unconfirmed_.confirm(opened_.identity);
  return true;
}

// Leaves the present file alone if there is no other.
Status CsvFile::leave_file() {
  unconfirmed_.leave(opened_.file.descriptor(), opened_.identity);
  Opened opened;
  Status status = open_anew(&opened);
  if (!status.ok()) {
    adrift_ = opened_.file.is_open() && !opened_.file.is_deleted();
    if (!adrift_) return status;
    complaint_.raise(kMovedAway, status);
    return {};
  }
  opened_ = std::move(opened);
  complaint_.settle(options_.path, "is followed again");
  return {};
}

// Ok if it is held, or if the file has none.
Status CsvFile::lock() {
  LockFile& lock = opened_.lock;
  return !lock.is_open() || lock.lock() ? Status() : lock.failure();
}

void CsvFile::unlock() noexcept {
  if (opened_.lock.is_open()) opened_.lock.unlock();
}

Status CsvFile::rewrite() {
  if (!unconfirmed_.are_lost()) return {};
  Status status = lock();
  if (!status.ok()) return status;
  status = write_lost();
  unlock();
  return status;
}

// Call it with the lock held.
Status CsvFile::write_lost() {
  Status status = write(unconfirmed_.lost(), opened_.file.size());
  if (status.ok()) unconfirmed_.recover();
  return status;
}

Status CsvFile::append(std::string_view lines, Time now) {
  if (!opened_.file.is_regular()) {
    std::size_t written = 0;
    return opened_.file.write(lines, &written);
  }
  if (opened_.lock.is_open() && is_check_due(now, &checked_)) {
    // To see whether the path can be opened now.
    adrift_ = false;
    // A lock file that was removed would keep nobody out.
    if (!opened_.lock.is_at(opened_.folder, opened_.folder.name() + ".lock")) {
      Status status = leave_file();
      if (!status.ok()) return status;
    }
  }
  Status status = lock();
  if (!status.ok()) return status;
  bool kept = true;
  status = write_locked(lines, &kept);
  unlock();
  if (!kept) {
    // The lines are safe or will be written again. What is wrong with the path,
    // the next append() says.
    unconfirmed_.keep(lines);
    if (leave_file().ok()) static_cast<void>(rewrite());
  }
  return status;
}

// Sets *kept to false if the lines went into a file that is elsewhere now, and
// are too long to be kept.
Status CsvFile::write_locked(std::string_view lines, bool* kept) {
  std::uint64_t size = 0;
  if (!look(&size)) {
    unlock();
    Status status = leave_file();
    if (status.ok()) status = lock();
    if (!status.ok()) return status;
    size = opened_.file.size();
  }
  if (unconfirmed_.are_lost()) {
    Status status = write_lost();
    if (!status.ok()) return status;
    size = opened_.file.size();
  }
  Status status = write(lines, size);
  if (status.ok()) *kept = unconfirmed_.add(lines) || look(&size);
  return status;
}

// Call it with the lock held.
Status CsvFile::write(std::string_view lines, std::uint64_t size) {
  File& file = opened_.file;
  if (size == 0) {
    Status status = begin(file);
    if (!status.ok()) return status;
    size = options_.header.size();
  }
  std::size_t written = 0;
  Status status = file.write(lines, &written);
  // Nobody else adds lines meanwhile, but for programs that know no lock.
  if (!status.ok() && written > 0 && file.size() == size + written) {
    file.truncate(size);
  }
  return status;
}

}  // namespace stogger
