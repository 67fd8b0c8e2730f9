// What the sinks that write to a named file have in common.
#pragma once

#include <string>
#include <string_view>

#include "stogger/sink.h"
#include "stogger/value.h"

namespace stogger {

// Reads the option `path`, which is required.
std::string read_path(Options& options);

// The path as it would be after a change of folder.
std::string absolute_path(const std::string& path);

// `prefix` + "2026-11-21T013928Z" + `suffix`, with a number before the suffix
// if there is a file of that name already. For files that are put aside.
std::string dated_name(std::string_view prefix, Time time,
                       std::string_view suffix);

// True once for each path in the life of the process.
bool is_first_opening(const std::string& path);

// True every half second: when it is time to see whether a path still names the
// file that is open. Clocks may be set back.
bool is_look_due(Time now, Time* looked) noexcept;

}  // namespace stogger
