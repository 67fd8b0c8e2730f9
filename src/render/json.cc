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

// The member `level`, with the end of the one before it, by level. All take
// the same room, so that copying one is a few instructions.
struct LevelMember {
  char text[24];
  std::size_t size;
};

template <std::size_t N>
constexpr LevelMember level_member(const char (&text)[N]) {
  LevelMember member{};
  for (std::size_t i = 0; i + 1 < N; ++i) member.text[i] = text[i];
  member.size = N - 1;
  return member;
}

constexpr LevelMember kLevelMembers[] = {
    level_member("\",\"level\":\"trace\""),
    level_member("\",\"level\":\"debug\""),
    level_member("\",\"level\":\"info\""),
    level_member("\",\"level\":\"warning\""),
    level_member("\",\"level\":\"error\""),
    level_member("\",\"level\":\"critical\""),
    level_member("\",\"level\":\"alert\"")};

}  // namespace

void render_json(const Event& event, RowScratch& scratch) {
  char* out = scratch.text.reserve(json_members_room(event));
  std::uint32_t* const sanitized = &scratch.sanitized;
  out = write_literal(out, "{\"timestamp\":\"");
  out = write_timestamp(out, event.time);
  const LevelMember& level =
      kLevelMembers[static_cast<std::size_t>(event.level)];
  std::memcpy(out, level.text, sizeof level.text);
  out += level.size;
  out = write_json_member(out, "event", event.name, sanitized);
  if (!event.func.is_null()) {
    out = write_json_member(out, "func", event.func.text(), sanitized);
  }
  if (!event.scope.is_null()) {
    out = write_json_member(out, "scope", event.scope.text(), sanitized);
  }
  if (event.has_message()) {
    out = write_json_member(out, "message", event.message, sanitized);
  }
  if (!event.logger.empty()) {
    out = write_json_member(out, "logger", event.logger, sanitized);
  }
  out = write_static_members(out, event);
  for (std::size_t i = 0; i < event.field_count; ++i) {
    const Field& field = event.fields[i];
    out = write_json_member(out, field.key, field.value, sanitized);
  }
  scratch.text.advance_to(write_literal(out, "}\n"));
}

}  // namespace stogger
