#include "sinks/parquet/name_claim.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/quote.h"
#include "os/descriptor.h"
#include "sinks/parquet/names.h"

namespace stogger {
namespace {

// More processes than this do not share a path by intention.
constexpr int kMostWriters = 100;

Status too_many_writers() {
  return Status(Code::unavailable,
                "too many other processes write to files of this name: give "
                "this one a path of its own");
}

// Whether the name may be taken; what is there is set aside or overwritten once
// rows come.
Status check_names(const Folder& folder, const std::string& name) {
  struct stat info;
  if (folder.is_magic() ||
      (folder.look_up(name, &info) && !S_ISREG(info.st_mode))) {
    return Status(Code::unavailable,
                  quoted(folder.path_of(name)) +
                      " is no regular file, which Parquet has to be: "
                      "choose another path");
  }
  Status status = folder.check_file(name, false);
  return status.ok() ? folder.check_file(back_name_of(name), false) : status;
}

// Changes nothing: only asks for the lock.
bool is_in_use(const Folder& folder, const std::string& name) {
  int file = -1;
  int error = 0;
  static_cast<void>(folder.open_file(
      lock_name_of(name), O_RDWR, Folder::Creation::never, 0, &file, &error));
  const Descriptor lock(file);
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return lock && ::fcntl(lock.get(), F_OFD_GETLK, &whole) == 0 &&
         whole.l_type != F_UNLCK;
}

}  // namespace

NameClaim::NameClaim(std::string path, FileModes modes)
    : wanted_(std::move(path)), modes_(modes), path_(wanted_) {}

Status NameClaim::take() {
  Status status = folder_.open(wanted_, modes_, true);
  bool in_use = true;
  for (int number = 1; status.ok() && in_use; ++number) {
    if (number > kMostWriters) return too_many_writers();
    name_ = numbered(folder_.name(), number);
    lock_name_ = lock_name_of(name_);
    path_ = folder_.path_of(name_);
    status = lock(&in_use);
  }
  return status.ok() ? check_names(folder_, name_) : status;
}

Status NameClaim::lock(bool* in_use) {
  constexpr int kAttempts = 4;
  *in_use = true;
  for (int i = 0; i < kAttempts; ++i) {
    Status status = lock_.open(folder_, lock_name_, lock_mode(modes_.file));
    if (!status.ok()) return status;
    // Where locks are not to be had, there is no protection from others.
    const bool is_held =
        !lock_.try_lock() && (errno == EAGAIN || errno == EACCES);
    // Its owner may just have removed it.
    *in_use = is_held || !lock_.is_at(folder_, lock_name_);
    if (!*in_use) return {};
    lock_.close();
    if (is_held) break;
  }
  return {};
}

bool NameClaim::is_in_place() const noexcept {
  try {
    return folder_.is_at(wanted_);
  } catch (...) {
    return true;  // without memory nothing can be done about it
  }
}

Status NameClaim::keep() {
  if (lock_.is_at(folder_, lock_name_)) return {};
  lock_.close();
  bool in_use = false;
  Status status = lock(&in_use);
  if (!status.ok() || !in_use) return status;
  return Status(Code::unavailable, "another process has taken " +
                                       quoted(folder_.path_of(lock_name_)) +
                                       ": end it");
}

Status NameClaim::check(bool overwrite, CheckFindings& findings) const {
  Folder folder;
  bool complete = false;
  Status status = folder.open_for_check(wanted_, modes_, &complete);
  if (!status.ok()) return status;
  if (!complete) {
    findings.would_change("would create the folder " + quoted(folder.path()));
    return folder.check_file(folder.name(), true);
  }
  int number = 1;
  while (is_in_use(folder, numbered(folder.name(), number))) {
    if (++number > kMostWriters) return too_many_writers();
  }
  const std::string name = numbered(folder.name(), number);
  status = check_names(folder, name);
  if (status.ok()) status = folder.check_file(lock_name_of(name), true);
  if (!status.ok()) return status;
  const std::string path = quoted(folder.path_of(name));
  const std::string where =
      number == 1 ? "" : ", for another process writes to the path itself";
  if (!folder.exists(name)) {
    findings.would_change("would create " + path + where);
  } else if (overwrite) {
    findings.would_change("would overwrite " + path + where);
  } else {
    findings.would_change("would give " + path + " a dated name" + where);
  }
  return {};
}

void NameClaim::release() noexcept {
  if (lock_.is_open() && lock_.is_at(folder_, lock_name_)) {
    folder_.remove(lock_name_);
  }
  forget();
}

void NameClaim::forget() noexcept {
  lock_.close();
  folder_.close();
}

}  // namespace stogger
