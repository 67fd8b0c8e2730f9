// Modules that are wrong in one way each: STOGGER_TEST_BROKEN says how.
#include "stogger/module.h"

#define ABI 1
#define NO_ENTRY 2
#define NULL_ENTRY 3
#define SMALL 4
#define METHOD 5

#if STOGGER_TEST_BROKEN != NO_ENTRY

namespace {

stogger_code make_sink(const stogger_options*, void**, stogger_message*) {
  return 1;
}

constexpr stogger_sink_methods kMethods = [] {
  stogger_sink_methods none{};
  none.size = sizeof none;
  return none;
}();

constexpr stogger_module kModule = {
    STOGGER_TEST_BROKEN == ABI ? 7 : STOGGER_MODULE_ABI,
    STOGGER_TEST_BROKEN == SMALL ? 16 : sizeof(stogger_module),
    "0.0.0",
    &make_sink,
    &kMethods,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const stogger_module*
stogger_module_entry(void) {
  return STOGGER_TEST_BROKEN == NULL_ENTRY ? nullptr : &kModule;
}

#endif
