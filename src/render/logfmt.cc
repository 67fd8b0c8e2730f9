// The logfmt line: the members of the JSON line as key=value pairs.
#include "base/plain.h"
#include "base/timestamp.h"
#include "render/render.h"
#include "render/text.h"

namespace stogger {
namespace {

std::uint32_t append_pair(Buffer& out, std::string_view key,
                          const Value& value) {
  out.push_back(' ');
  out.append(key);
  out.push_back('=');
  std::uint32_t sanitized = 0;
  out.advance_to(
      write_pair_value(out.reserve(pair_value_room(value)), value, &sanitized));
  return sanitized;
}

}  // namespace

void render_logfmt(const Event& event, RowScratch& scratch) {
  Buffer& out = scratch.text;
  out.append("timestamp=");
  out.advance_to(write_timestamp(out.reserve(kTimestampSize), event.time));
  out.append(" level=");
  out.append(to_string(event.level));
  std::uint32_t sanitized = append_pair(out, "event", Value(event.name));
  if (!event.func.is_null()) sanitized += append_pair(out, "func", event.func);
  if (!event.scope.is_null()) {
    sanitized += append_pair(out, "scope", event.scope);
  }
  if (event.has_message()) {
    sanitized += append_pair(out, "message", Value(event.message));
  }
  if (!event.logger.empty()) {
    sanitized += append_pair(out, "logger", Value(event.logger));
  }
  sanitized += append_pairs(out, event);
  out.push_back('\n');
  scratch.sanitized += sanitized;
}

}  // namespace stogger
