// STOGGER_NO_CANARY: for a function that every event passes and that keeps no
// array on its stack. With -fstack-protector-strong a local variable whose
// address is taken is enough for a canary, which guards nothing there and costs
// seven instructions: in all, 3 of 100 of what a line of JSON takes.
#pragma once

#if __has_attribute(no_stack_protector)
#define STOGGER_NO_CANARY __attribute__((no_stack_protector))
#else  // g++ before 11
#define STOGGER_NO_CANARY
#endif
