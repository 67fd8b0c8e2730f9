// The one function that a module exports. Compiled for each module, with
// STOGGER_MODULE_FACTORY, the name of its SinkFactory, and
// STOGGER_MODULE_VERSION.
#include "module/guest/entry.h"

namespace stogger {

Status STOGGER_MODULE_FACTORY(Options& options, SinkPtr* sink);

namespace {

stogger_code make(const stogger_options* options, void** sink,
                  stogger_message* message) noexcept {
  return make_module_sink(&STOGGER_MODULE_FACTORY, options, sink, message);
}

}  // namespace
}  // namespace stogger

extern "C" {

STOGGER_API const stogger_module* stogger_module_entry(void) {
  static const stogger_module module = {
      STOGGER_MODULE_ABI, sizeof(stogger_module), STOGGER_MODULE_VERSION,
      &stogger::make, stogger::module_sink_methods()};
  return &module;
}

}  // extern "C"
