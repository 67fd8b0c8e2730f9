// Paths of files, and their modes, as options and calls name them.
#pragma once

#include <string>
#include <string_view>

#include "os/folder.h"
#include "stogger/sink.h"

namespace stogger {

// What is wrong with the path of a file that somebody has chosen, as it was
// given: what to do about it, too. Empty if nothing is.
std::string_view wrong_path(std::string_view path);

// Reads an option that names a file, as it was given; empty without one. What
// is wrong with it is a problem of the option.
std::string read_path_option(Options& options, std::string_view key);

// The path as it would be after a change of folder, if the working folder can
// be found out.
std::string absolute_path(const std::string& path);

// The modes of files and folders that are created, less the umask: "0640" and
// "0750"; "0600" and "0700" in a program whose group is the choice of a caller
// who has fewer rights.
FileModes default_file_modes();

// Reads the options `file_mode` and `folder_mode`, texts like "0640", which
// take the place of these.
FileModes read_file_modes(Options& options);

}  // namespace stogger
