// The JSON line:
//
//   {"timestamp":"2026-11-21T01:39:28.656642Z","level":"info",
//    "event":"user-login","func":"f","scope":"s","message":"...",FIELDS}
//
// on one line. func, scope, message and logger are left out where there is
// none.
#include "render/json.h"

#include "base/timestamp.h"
#include "render/render.h"

namespace stogger {
namespace {

template <std::size_t N>
char* copy(char* out, const char (&text)[N]) noexcept {
  std::memcpy(out, text, N - 1);
  return out + N - 1;
}

}  // namespace

std::size_t JsonMembers::room(const Event& event) noexcept {
  constexpr std::size_t kFixedParts = 256;
  std::size_t room =
      kFixedParts + json_string_room(event.name) +
      json_string_room(event.logger) + json_value_room(event.func) +
      json_value_room(event.scope) + json_string_room(event.message);
  for (std::size_t i = 0; i < event.field_count; ++i) {
    room += JsonMembers::room(event.fields[i].key, event.fields[i].value);
  }
  return room;
}

void render_json(const Event& event, RowScratch& scratch) {
  char* out = scratch.text.reserve(JsonMembers::room(event));
  out = copy(out, "{\"timestamp\":\"");
  out = write_timestamp(out, event.time);
  out = copy(out, "\"");
  JsonMembers members(out, false);
  members.add("level", to_string(event.level));
  members.add("event", event.name);
  if (!event.func.is_null()) members.add("func", event.func.text());
  if (!event.scope.is_null()) members.add("scope", event.scope.text());
  if (event.has_message()) members.add("message", event.message);
  if (!event.logger.empty()) members.add("logger", event.logger);
  for (std::size_t i = 0; i < event.field_count; ++i) {
    members.add(event.fields[i].key, event.fields[i].value);
  }
  scratch.text.advance_to(copy(members.end(), "}\n"));
  scratch.sanitized += members.sanitized();
}

}  // namespace stogger
