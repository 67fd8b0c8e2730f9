// What the sinks that write to a named file have in common.
#pragma once

#include <string>
#include <string_view>

#include "os/folder.h"
#include "os/path_option.h"
#include "stogger/sink.h"
#include "stogger/value.h"

namespace stogger {

// Reads the option `path`, which is required.
std::string read_path(Options& options);

// `prefix` + "2026-11-21T013928Z" + `suffix`, with a number before the suffix
// if there is a file of that name already. For files that are put aside.
std::string dated_name(std::string_view prefix, Time time,
                       std::string_view suffix);

std::string dated_name(const Folder& folder, std::string_view prefix, Time time,
                       std::string_view suffix);

// For Sink::check(): where the file at `path` lies, whether it is there, and
// whether it could be opened to write or else created. Tells what would be
// created.
Status check_path(const std::string& path, const FileModes& modes,
                  CheckFindings& findings, Folder* folder, bool* there);

// True once for each path in the life of the process.
bool is_first_opening(const std::string& path);

// True every half second: when it is time to check whether a path still names
// the file that is open. Clocks may be set back.
bool is_check_due(Time now, Time* checked) noexcept;

}  // namespace stogger
