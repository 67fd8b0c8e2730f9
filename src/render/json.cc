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

// The member `level`, with the end of the one before it, by level.
constexpr std::string_view kLevelMember[] = {
    "\",\"level\":\"trace\"", "\",\"level\":\"debug\"",
    "\",\"level\":\"info\"",  "\",\"level\":\"warning\"",
    "\",\"level\":\"error\"", "\",\"level\":\"critical\"",
    "\",\"level\":\"alert\"", "\",\"level\":\"off\""};

}  // namespace

void render_json(const Event& event, RowScratch& scratch) {
  char* out = scratch.text.reserve(JsonMembers::room(event));
  out = copy(out, "{\"timestamp\":\"");
  out = write_timestamp(out, event.time);
  const std::string_view level =
      kLevelMember[static_cast<std::size_t>(event.level)];
  std::memcpy(out, level.data(), level.size());
  JsonMembers members(out + level.size(), false);
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
