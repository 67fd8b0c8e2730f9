// Context: fields that go with every event of a logger, or of a stretch of
// work.
#include <stogger/log.h>

#include <stdexcept>

namespace {

void charge(int cents) {
  // Carries request_id? No: that belongs to the logger in main(). But it stands
  // inside the scope, and so carries the scope's name and fields.
  stogger::info("card-charged", {{"cents", cents}});
  if (cents > 1000) throw std::runtime_error("limit exceeded");
}

}  // namespace

int main() {
  // Bound fields: a logger with a name and fields of its own.
  const stogger::Logger log =
      stogger::logger("http").with({{"request_id", "a1b2"}});
  log.info("request", {{"path", "/checkout"}});

  // A scope: until the closing brace, on this thread, through every logger. At
  // its end it logs scope-end with duration_ms, or scope-failed when an
  // exception leaves it.
  try {
    const stogger::Scope scope("checkout", {{"order", 7}});
    charge(250);
    charge(99900);
  } catch (...) {
    // Tells the class and the text of the exception being handled.
    log.exception("checkout-failed", {{"order", 7}});
  }

  // The one macro: counts the items only if the level is on.
  STOGGER_AT(log, stogger::Level::debug, "cart", {{"items", 3}});
}
