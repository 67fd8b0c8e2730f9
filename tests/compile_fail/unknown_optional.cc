// Nor can what may not be there.
// The error names: Unknown
#include <stogger/log.h>

#include <optional>

struct Unknown {};

void call(const std::optional<Unknown>& maybe) {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"maybe", maybe}});
#else
  stogger::info("e", {{"maybe", maybe.has_value()}});
#endif
}
