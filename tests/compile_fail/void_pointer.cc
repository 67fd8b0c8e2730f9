// Nor does an untyped pointer.
// The error names: void ?\*
#include <stogger/log.h>

extern void* pointer;

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"p", pointer}});
#else
  stogger::info("e", {{"p", pointer != nullptr}});
#endif
}
