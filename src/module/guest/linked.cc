// Registers the sink of a module that is linked into the program. Compiled for
// each module, with STOGGER_MODULE_FACTORY, the name of its SinkFactory,
// STOGGER_MODULE_TYPE, and STOGGER_MODULE_LINKED, a symbol that programs are
// linked with so that the linker does not leave this out.
#include "stogger/sink.h"

namespace stogger {

Status STOGGER_MODULE_FACTORY(Options& options, SinkPtr* sink);

namespace {

// If the program registered another sink of that name before, that one stays.
const Status registered =
    register_sink(STOGGER_MODULE_TYPE, &STOGGER_MODULE_FACTORY);

}  // namespace
}  // namespace stogger

extern "C" {

extern const char STOGGER_MODULE_LINKED;
const char STOGGER_MODULE_LINKED = 0;

}  // extern "C"
