// ValueCapture: the value of an object of a user's type, written out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/arena.h"
#include "stogger/value.h"

namespace stogger {

class ValueCapture {
 public:
  // Asks a Kind::custom value for what it stands for. The result is of another
  // kind, and its text lives in the arena. What the user's code throws becomes
  // a text that says so; only std::bad_alloc of the arena itself gets out. No
  // more than `most` bytes of a text or of JSON are kept.
  //
  // `depth` counts the values it is a part of; below kJsonDepth it is null.
  static Value resolve(const Value& custom, Arena& arena,
                       std::size_t most = SIZE_MAX, std::size_t depth = 0);
};

}  // namespace stogger
