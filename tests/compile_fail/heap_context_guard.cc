// Guards live on the stack: what a thread was inside of comes back at their
// end.
#include <stogger/log.h>

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  new stogger::ContextGuard(stogger::Context::current());
#else
  stogger::ContextGuard guard(stogger::Context::current());
#endif
}
