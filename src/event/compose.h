// Composing: a call, its logger and the scopes around it become one event.
#pragma once

#include <cstddef>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "event/event.h"
#include "event/field_set.h"
#include "event/logger.h"
#include "event/redaction.h"

namespace stogger {

// What composing goes by. Immutable once made.
class EventSettings {
 public:
  explicit EventSettings(
      bool caller_info = false,
      const std::vector<std::string>& redact = Redaction::default_names());

  // True: code_file, code_line, pid and thread go with every event.
  bool caller_info() const noexcept { return caller_info_; }
  const Redaction& redaction() const noexcept { return redaction_; }

  // Keys that targets have for themselves.
  const KeyShapes& special() const noexcept { return special_; }

 private:
  bool caller_info_;
  Redaction redaction_;
  KeyShapes special_;
};

// Memory for one event, reused from event to event.
struct EventScratch {
  Arena arena;
  Buffer buffer;
  FieldSet fields;
  // What every event begins as. Copying it is several times as fast as making
  // a new one, for which compilers take an instruction that is slow to start.
  Event blank;

  // Gives back memory beyond `most` bytes, of each kind.
  void recycle(std::size_t most) noexcept {
    arena.recycle(most);
    buffer.recycle(most);
    fields.recycle(most);
  }
};

// Everything of the event but its message. May throw std::bad_alloc. The event
// lives as long as the call's memory and the scratch are left alone.
Event compose(const detail::LoggerRep* logger, const detail::Call& call,
              Time now, const EventSettings& settings, EventScratch& scratch);

}  // namespace stogger
