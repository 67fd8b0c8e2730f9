// A pointer says nothing in a log; it must not become a bool.
// The error names: const int ?\*
#include <stogger/log.h>

extern const int* pointer;

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"p", pointer}});
#else
  stogger::info("e", {{"p", *pointer}});
#endif
}
