// A long double does not fit a double.
// The error names: long double
#include <stogger/log.h>

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"x", 1.0L}});
#else
  stogger::info("e", {{"x", 1.0}});
#endif
}
