#include "base/scalar_text.h"

#include <string_view>

#include "base/copy_text.h"
#include "base/number.h"
#include "base/timestamp.h"

namespace stogger {
void append_scalar(Buffer& out, const Value& value) {
  if (value.kind() == Kind::time) return append_time(out, value.time());
  append_cell(out, value);
}

char* write_cell(char* out, const Value& value) noexcept {
  switch (value.kind()) {
    case Kind::boolean:
      return copy_text(out, value.boolean() ? "true" : "false");
    case Kind::integer:
      return write_integer(out, value.integer());
    case Kind::unsigned_integer:
      return write_unsigned(out, value.unsigned_integer());
    case Kind::real:
      return write_real(out, value.real());
    case Kind::time:
      return write_timestamp(out, value.time());
    case Kind::null:
    case Kind::text:
    case Kind::json:
    case Kind::custom:
      break;
  }
  return out;
}

}  // namespace stogger
