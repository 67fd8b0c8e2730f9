// Composing: a call, its logger and the scopes around it become one event.
#pragma once

#include <cstdint>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "event/event.h"
#include "event/logger.h"
#include "event/redaction.h"

namespace stogger {

struct EventSettings {
  bool caller_info = false;
  Redaction redaction{Redaction::default_keys()};
};

// The fields of one event, each key once.
class FieldSet {
 public:
  // A later value takes the place of an earlier one under the same key.
  void put(std::string_view key, const Value& value);
  void clear() noexcept;
  std::vector<Field>& fields() noexcept { return fields_; }

 private:
  Field* find(std::string_view key) noexcept;
  void index_all();

  std::vector<Field> fields_;
  // Beyond a few fields: positions in fields_ plus one, by hash of the key,
  // open addressing; a power of two. Empty as long as there are few.
  std::vector<std::uint32_t> slots_;
};

// Memory for one event, reused from event to event.
struct EventScratch {
  Arena arena;
  Buffer buffer;
  FieldSet fields;
};

// Fills in all of *event but the message. May throw std::bad_alloc. The event
// lives as long as the call's memory and the scratch are left alone.
void compose(const detail::LoggerRep* logger, const detail::Call& call,
             Time now, const EventSettings& settings, EventScratch& scratch,
             Event* event);

}  // namespace stogger
