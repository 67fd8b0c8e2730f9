// The same for a scoped enumeration.
// The error names: Color
#include <stogger/log.h>

enum class Color { red, green };

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"color", Color::red}});
#else
  stogger::info("e", {{"color", static_cast<int>(Color::red)}});
#endif
}
