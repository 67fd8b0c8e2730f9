#include "os/path_option.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "os/ownership.h"

namespace stogger {

std::string read_path_option(Options& options, std::string_view key) {
  std::string path(options.text(key));
  if (path.starts_with("~/")) {
    options.problem(
        key, "begins with ~, which is not expanded: write ${HOME} instead");
  } else if (path.ends_with('/')) {
    options.problem(key, "must name a file, not a folder");
  } else if (!path.empty() && !path.starts_with('/') &&
             has_more_rights_to_files_than_caller()) {
    options.problem(key,
                    "must begin with /: the working folder is the choice of "
                    "the user who started this program, which has more rights "
                    "than he has");
  }
  return path;
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

FileModes default_file_modes() {
  // The group of a set-user-ID program is that of the user who started it.
  return is_own_group(::getegid()) ? FileModes() : FileModes{0600, 0700};
}

}  // namespace stogger
