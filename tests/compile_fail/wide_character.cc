// A wide character is not a number.
// The error names: wchar_t
#include <stogger/log.h>

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"c", L'x'}});
#else
  stogger::info("e", {{"c", 'x'}});
#endif
}
