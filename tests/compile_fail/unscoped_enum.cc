// An enumeration must say whether its number or its name is meant.
// The error names: Color
#include <stogger/log.h>

enum Color { red, green };

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"color", red}});
#else
  stogger::info("e", {{"color", static_cast<int>(red)}});
#endif
}
