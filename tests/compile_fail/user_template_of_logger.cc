// The same for a logger, and for pointers to characters.
#include <stogger/log.h>

void call(const stogger::Logger& log, const char* comment) {
#ifdef STOGGER_MUST_NOT_COMPILE
  log.info("comment", {}, comment);
#else
  log.info("comment", {}, stogger::runtime_template(comment));
#endif
}
