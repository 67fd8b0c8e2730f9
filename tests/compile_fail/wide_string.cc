// Wide text is not UTF-8.
// The error names: wchar_t ?\[2\]
#include <stogger/log.h>

void call() {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"s", L"x"}});
#else
  stogger::info("e", {{"s", "x"}});
#endif
}
