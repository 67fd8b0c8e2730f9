#include "base/settled.h"

#include <cstdint>

#include "base/json.h"
#include "base/value_capture.h"

namespace stogger {

Value settled(const Value& value, Arena& arena, Buffer& scratch) {
  if (value.kind() == Kind::custom) {
    return settled(ValueCapture::resolve(value, arena), arena, scratch);
  }
  if (value.kind() != Kind::json) return value;
  scratch.clear();
  std::uint32_t sanitized = 0;
  if (!append_clean_json(scratch, value.text(), nullptr, nullptr, &sanitized)) {
    return value.text();
  }
  return Json{arena.copy(scratch.view())};
}

}  // namespace stogger
