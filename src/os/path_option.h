// Paths of files that options name.
#pragma once

#include <string>
#include <string_view>

#include "os/folder.h"
#include "stogger/sink.h"

namespace stogger {

// Reads an option that names a file, as it was given; empty without one. What
// is wrong with it is a problem of the option.
std::string read_path_option(Options& options, std::string_view key);

// The path as it would be after a change of folder.
std::string absolute_path(const std::string& path);

// The modes of files and folders that are created, unless options say
// otherwise. In a program whose group is the choice of a caller who has fewer
// rights, those of its owner alone.
FileModes default_file_modes();

}  // namespace stogger
