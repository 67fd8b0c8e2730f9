// Text that is known only at run time is no template: it is a field.
#include <stogger/log.h>

#include <string>

void call(const std::string& comment) {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("comment", {}, comment);
#else
  stogger::info("comment", {{"text", comment}}, "New comment: {text}");
#endif
}
