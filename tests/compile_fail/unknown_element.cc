// Nor can a container of them.
// The error names: Unknown
#include <stogger/log.h>
#include <stogger/std.h>

#include <map>
#include <string>
#include <vector>

struct Unknown {};

void call(const std::map<std::string, std::vector<Unknown>>& groups) {
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("e", {{"groups", groups}});
#else
  stogger::info("e", {{"groups", groups.size()}});
#endif
}
