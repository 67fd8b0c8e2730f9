// A single pair of braces is no list of fields.
#include <stogger/log.h>

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {"a", 1});
#else
  stogger::info("e", {{"a", 1}});
#endif
}
