// A type without write_value() cannot be logged.
// The error names: Unknown
#include <stogger/log.h>

struct Unknown {};
struct Known {};
void write_value(stogger::ValueWriter& out, const Known&);

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"a", Unknown{}}});
#else
  stogger::info("e", {{"a", Known{}}});
#endif
}
