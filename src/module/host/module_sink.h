// Sinks that live in modules.
#pragma once

#include <string_view>

#include "stogger/module.h"
#include "stogger/sink.h"

namespace stogger {

// A sink of a loaded module, which has to stay loaded. `type` is the type in
// messages. The module reads the options, finish() included.
Status make_module_sink(std::string_view type, const stogger_module& module,
                        Options& options, SinkPtr* sink);

}  // namespace stogger
