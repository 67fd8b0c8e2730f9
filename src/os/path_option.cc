#include "os/path_option.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "os/ownership.h"

namespace stogger {
namespace {

mode_t read_mode(Options& options, std::string_view key, mode_t usual,
                 mode_t least) {
  char octal[] = "0000";
  std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(usual));
  const std::string_view text = options.text(key, octal);
  unsigned mode = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, mode, 8);
  if (error != std::errc() || last != end || text.empty() || mode > 0777) {
    options.problem(key, "must be a mode in octal digits, such as \"0640\"");
  } else if ((mode & S_IWOTH) != 0) {
    options.problem(key,
                    "must not let all others write; share by a group instead, "
                    "such as \"0660\" or \"0770\"");
  } else if ((mode & least) != least) {
    options.problem(key,
                    "must let the owner read and write, and enter folders");
  }
  return static_cast<mode_t>(mode);
}

}  // namespace

std::string_view wrong_path(std::string_view path) {
  if (path.starts_with("~/")) {
    return "begins with ~, which is not expanded: write ${HOME} instead";
  }
  if (path.ends_with('/')) return "must name a file, not a folder";
  if (!path.empty() && !path.starts_with('/') &&
      has_more_rights_to_files_than_caller()) {
    return "must begin with /: the working folder is the choice of the user "
           "who "
           "started this program, which has more rights than he has";
  }
  return {};
}

std::string read_path_option(Options& options, std::string_view key) {
  std::string path(options.text(key));
  if (const std::string_view wrong = wrong_path(path); !wrong.empty()) {
    options.problem(key, wrong);
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

FileModes read_file_modes(Options& options) {
  const FileModes usual = default_file_modes();
  FileModes modes;
  modes.file = read_mode(options, "file_mode", usual.file, S_IRUSR | S_IWUSR);
  modes.folder = read_mode(options, "folder_mode", usual.folder, S_IRWXU);
  return modes;
}

}  // namespace stogger
