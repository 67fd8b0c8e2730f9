// Scopes live on the stack: the library keeps their order.
#include <stogger/log.h>

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  new stogger::Scope("s");
#else
  stogger::Scope scope("s");
#endif
}
