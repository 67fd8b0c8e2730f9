#include "sinks/parquet/names.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "base/quote.h"
#include "sinks/common/paths.h"
#include "sinks/parquet/disk_file.h"

namespace stogger {
namespace {

bool is_unsupported(int error) noexcept {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

// By way of a link, so that both have names afterwards.
int exchange_in_steps(const Folder& folder, const std::string& front,
                      const std::string& back) noexcept {
  const int in = folder.descriptor();
  const std::string third = back + "2";
  folder.remove(third);
  const bool is_linked = ::linkat(in, front.c_str(), in, third.c_str(), 0) == 0;
  if (!is_linked && errno != EPERM && errno != EMLINK &&
      !is_unsupported(errno)) {
    return errno;
  }
  const int error = folder.rename(back, front);
  if (is_linked && (error != 0 || folder.rename(third, back) != 0)) {
    folder.remove(third);
  }
  return error;
}

}  // namespace

std::size_t stem_size(std::string_view name) noexcept {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name.size() : dot;
}

std::string back_name_of(const std::string& name) {
  return "." + name + ".next";
}

std::string lock_name_of(const std::string& name) {
  return "." + name + ".lock";
}

std::string numbered(const std::string& name, int number) {
  if (number == 1) return name;
  const std::size_t stem = stem_size(name);
  return name.substr(0, stem) + "-" + std::to_string(number) +
         name.substr(stem);
}

int exchange_names(const Folder& folder, const std::string& front,
                   const std::string& back) noexcept {
  const int in = folder.descriptor();
  if (::renameat2(in, back.c_str(), in, front.c_str(), RENAME_EXCHANGE) == 0) {
    return 0;
  }
  return is_unsupported(errno) ? exchange_in_steps(folder, front, back) : errno;
}

Status set_aside(const Folder& folder, const std::string& name,
                 const std::string& wanted, Time now) {
  constexpr int kAttempts = 4;
  const std::size_t stem = stem_size(wanted);
  const std::string prefix = wanted.substr(0, stem) + ".";
  int error = EEXIST;
  for (int i = 0; i < kAttempts && error == EEXIST; ++i) {
    error = folder.rename_to_new(
        name, dated_name(folder, prefix, now, wanted.substr(stem)));
  }
  if (error == 0 || error == ENOENT) return {};
  return file_failure("cannot rename " + quoted(folder.path_of(name)), error);
}

int bring_names_to_disk(const Folder& folder) noexcept {
  const int error = folder.sync();
  const bool is_possible =
      !is_unsupported(error) && error != EACCES && error != ENOENT;
  return is_possible ? error : 0;
}

}  // namespace stogger
