// Event: one log call, complete, as renderers see it. All of it is views, into
// the caller's memory or into the thread's scratch memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "stogger/level.h"
#include "stogger/log.h"
#include "stogger/value.h"

namespace stogger {

class StaticFields;

// What a field takes of Event::raw_size besides its key and its text: in JSON,
// quotes, colon, comma, and a value that is no text.
inline constexpr std::size_t kOtherSize = 10;

struct Event {
  Time time;
  Level level = Level::off;
  std::string_view name;
  Value func;               // text, or null
  Value scope;              // text, or null
  std::string_view logger;  // empty: the unnamed logger

  // The template as it was given, empty without one, and what it rendered to.
  std::string_view message_template;
  std::string_view message;
  bool has_message() const noexcept { return !message_template.empty(); }

  // Fields that all events have, which come before the others; null without
  // any. None of them has a key of the others, or one that a target has for
  // itself.
  const StaticFields* static_fields = nullptr;

  // Scope, bound and call fields, in that order. No custom values, no two
  // equal keys, no secrets; JSON values and keys are clean.
  const Field* fields = nullptr;
  std::size_t field_count = 0;

  // The first 64 fields that the message shows, as bits: 1 for the first.
  std::uint64_t shown_fields = 0;
  std::uint64_t shown_static_fields = 0;  // likewise

  // The bytes of all names, keys and texts but the message, and enough for all
  // other values: a sixth of what they can take in JSON at most.
  std::size_t raw_size = 0;

  Where where;
  std::uint32_t sanitized = 0;  // values in which bad bytes were replaced
                                // before rendering (in JSON and keys)
  bool truncated = false;       // fields were left out, or JSON not looked at
  // A field has a key that targets may have for themselves: see
  // render/free_keys.h.
  bool has_reserved_keys = false;
};

}  // namespace stogger
