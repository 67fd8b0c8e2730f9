#include <stogger/log.h>

#include <vector>

std::vector<stogger::Field> make_fields();

int main() {
  const std::vector<stogger::Field> fields = make_fields();
  stogger::info("event", fields);
#ifdef STOGGER_MUST_NOT_COMPILE
  stogger::info("event", make_fields());
#endif
}
