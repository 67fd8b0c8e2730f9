// What makes a sink of one configuration the same as one of another.
#pragma once

#include <string>
#include <string_view>

#include "base/options.h"
#include "config/config.h"

namespace stogger {

// All that the sink was made of: its name and type, the options in effect and
// those that were given, and what else it got. Its level and its filter are no
// part of it, for an open sink may get others. Contains secrets.
std::string sink_identity(const SinkConfig& sink, const Options& options,
                          std::string_view identifier);

}  // namespace stogger
