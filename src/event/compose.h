// Composing: a call, its logger and the scopes around it become one event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "event/event.h"
#include "event/field_set.h"
#include "event/logger.h"
#include "event/redaction.h"
#include "event/static_fields.h"

namespace stogger {

// What composing goes by. Immutable once made.
class EventSettings {
 public:
  explicit EventSettings(
      bool caller_info = false,
      const std::vector<std::string>& redact = Redaction::default_names(),
      Fields static_fields = {}, std::shared_ptr<ValuePatterns> patterns = {});

  // True: code_file, code_line, pid and thread go with every event.
  bool caller_info() const noexcept { return caller_info_; }
  const Redaction& redaction() const noexcept { return redaction_; }

  // Null without any.
  const StaticFields* static_fields() const noexcept {
    return static_fields_.get();
  }
  bool has_static(std::string_view key) const noexcept {
    return static_fields_ != nullptr && static_fields_->has(key);
  }

  // Keys that targets have for themselves, and those of static fields.
  const KeyShapes& special() const noexcept { return special_; }

 private:
  bool caller_info_;
  Redaction redaction_;
  KeyShapes special_;
  std::shared_ptr<const StaticFields> static_fields_;
};

// Memory for one event, reused from event to event.
struct EventScratch {
  Arena arena;
  Buffer buffer;
  FieldSet fields;
  // What every event begins as. Copying it is several times as fast as making
  // a new one, for which compilers take an instruction that is slow to start.
  Event blank;
  Event before;  // being composed, for the case that it has to be done again

  // Gives back memory beyond `most` bytes, of each kind.
  void recycle(std::size_t most) noexcept {
    arena.recycle(most);
    buffer.recycle(most);
    fields.recycle(most);
  }
};

// Everything of the event but its message. May throw std::bad_alloc. The event
// lives as long as the call's memory and the scratch are left alone.
// `left_out` is how many events like it a limit has left out before: the event
// says so, unless that is 0.
Event compose(const detail::LoggerRep* logger, const detail::Call& call,
              Time now, const EventSettings& settings, EventScratch& scratch,
              std::uint64_t left_out = 0);

}  // namespace stogger
