// settled: a value as sinks get it.
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// An object of a user's type written out, JSON clean, and as text what is no
// JSON. What is made for that lives in the arena. `scratch` is overwritten.
Value settled(const Value& value, Arena& arena, Buffer& scratch);

}  // namespace stogger
