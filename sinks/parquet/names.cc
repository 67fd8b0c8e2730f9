#include "sinks/parquet/names.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/quote.h"
#include "sinks/parquet/locked_file.h"
#include "sinks/paths.h"

namespace stogger {
namespace {

bool is_unsupported(int error) noexcept {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

// By way of a link, so that both have names afterwards.
bool exchange_in_steps(const std::string& front,
                       const std::string& back) noexcept {
  const std::string third = back + "2";
  ::unlink(third.c_str());
  const bool is_linked = ::link(front.c_str(), third.c_str()) == 0;
  if (!is_linked && errno != EPERM && errno != EMLINK &&
      !is_unsupported(errno)) {
    return false;
  }
  const bool is_done = ::rename(back.c_str(), front.c_str()) == 0;
  const int error = errno;
  if (is_linked && (!is_done || ::rename(third.c_str(), back.c_str()) != 0)) {
    ::unlink(third.c_str());
  }
  errno = error;
  return is_done;
}

}  // namespace

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

std::string back_path_of(const std::string& path) {
  const std::filesystem::path front(path);
  return (front.parent_path() / ("." + front.filename().string() + ".next"))
      .string();
}

std::string numbered(const std::string& path, int number) {
  if (number == 1) return path;
  std::filesystem::path front(path);
  const std::string extension = front.extension().string();
  return front.replace_extension().string() + "-" + std::to_string(number) +
         extension;
}

bool rename_to_new(const std::string& from, const std::string& to) noexcept {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(),
                  RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (!is_unsupported(errno)) return false;
  struct stat info;
  if (::lstat(to.c_str(), &info) == 0) {
    errno = EEXIST;
    return false;
  }
  return ::rename(from.c_str(), to.c_str()) == 0;
}

bool exchange_names(const std::string& front,
                    const std::string& back) noexcept {
  if (::renameat2(AT_FDCWD, back.c_str(), AT_FDCWD, front.c_str(),
                  RENAME_EXCHANGE) == 0) {
    return true;
  }
  return is_unsupported(errno) && exchange_in_steps(front, back);
}

Status set_aside(const std::string& path, const std::string& name, Time now) {
  constexpr int kAttempts = 4;
  std::filesystem::path front(name);
  const std::string extension = front.extension().string();
  const std::string prefix = front.replace_extension().string() + ".";
  for (int i = 0; i < kAttempts; ++i) {
    const std::string dated = dated_name(prefix, now, extension);
    if (rename_to_new(path, dated) || errno == ENOENT) return {};
    if (errno != EEXIST) {
      return file_failure(
          "cannot rename " + quoted(path) + " to " + quoted(dated), errno);
    }
  }
  return file_failure("cannot rename " + quoted(path), EEXIST);
}

int sync_folder(const std::string& folder) noexcept {
  const int descriptor =
      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_done = descriptor != -1 && ::fsync(descriptor) == 0;
  const int error = is_done ? 0 : errno;
  if (descriptor != -1) ::close(descriptor);
  const bool is_possible =
      !is_unsupported(error) && error != EACCES && error != ENOENT;
  return is_possible ? error : 0;
}

}  // namespace stogger
