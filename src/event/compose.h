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

// What composing goes by. Immutable once made.
class EventSettings {
 public:
  explicit EventSettings(
      bool caller_info = false,
      const std::vector<std::string>& redact = Redaction::default_keys());

  // True: code_file, code_line, pid and thread go with every event.
  bool caller_info() const noexcept { return caller_info_; }
  const Redaction& redaction() const noexcept { return redaction_; }

  // Keys that are reserved, secrets, or columns.
  const KeyShapes& special() const noexcept { return special_; }

 private:
  bool caller_info_;
  Redaction redaction_;
  KeyShapes special_;
};

// The fields of one event, each key once.
class FieldSet {
 public:
  // A later value takes the place of an earlier one under the same key.
  void put(std::string_view key, const Value& value) {
    if (Field* known = find(key)) {
      known->value = value;
    } else {
      add(key, value);
    }
  }
  // The earlier value stays.
  void put_new(std::string_view key, const Value& value) {
    if (find(key) == nullptr) add(key, value);
  }
  void clear() noexcept;
  std::vector<Field>& fields() noexcept { return fields_; }

 private:
  static constexpr std::size_t kFewFields = 24;

  Field* find(std::string_view key) noexcept {
    if (fields_.size() > kFewFields) return find_indexed(key);
    for (Field& field : fields_) {
      if (field.key == key) return &field;
    }
    return nullptr;
  }
  void add(std::string_view key, const Value& value) {
    fields_.emplace_back(key, value);
    if (fields_.size() > kFewFields) index_last();
  }
  Field* find_indexed(std::string_view key) noexcept;
  void index_last();
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
  // What every event begins as. Copying it is several times as fast as making
  // a new one, for which compilers take an instruction that is slow to start.
  Event blank;
};

// Everything of the event but its message. May throw std::bad_alloc. The event
// lives as long as the call's memory and the scratch are left alone.
Event compose(const detail::LoggerRep* logger, const detail::Call& call,
              Time now, const EventSettings& settings, EventScratch& scratch);

}  // namespace stogger
