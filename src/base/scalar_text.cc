#include "base/scalar_text.h"

#include "base/number.h"
#include "base/timestamp.h"

namespace stogger {

void append_scalar(Buffer& out, const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
      return out.append(value.boolean() ? "true" : "false");
    case Kind::integer:
      return append_integer(out, value.integer());
    case Kind::unsigned_integer:
      return append_unsigned(out, value.unsigned_integer());
    case Kind::real:
      return append_real(out, value.real());
    case Kind::time:
      return append_time(out, value.time());
    case Kind::null:
    case Kind::text:
    case Kind::json:
    case Kind::custom:
      return;
  }
}

}  // namespace stogger
