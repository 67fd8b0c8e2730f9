// What turns a SinkFactory into a module: the functions behind stogger_module.
#pragma once

#include "stogger/module.h"
#include "stogger/sink.h"

namespace stogger {

// For stogger_module::methods.
const stogger_sink_methods* module_sink_methods() noexcept;

// For stogger_module::make_sink. What the factory throws becomes a code and a
// message.
stogger_code make_module_sink(SinkFactory factory,
                              const stogger_options* options, void** sink,
                              stogger_message* message) noexcept;

}  // namespace stogger
