// TestEvent: an event for renderers, and what they make of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "event/event.h"
#include "render/message.h"
#include "render/render.h"
#include "tests/support/rows.h"

namespace stogger {

class TestEvent {
 public:
  // As compose() hands it on: no equal keys, and a mark if one is reserved. The
  // texts must outlive this object.
  explicit TestEvent(std::string_view name, std::vector<Field> fields = {},
                     std::string_view message_template = {})
      : fields_(std::move(fields)) {
    event.time = kTestTime;
    event.level = Level::info;
    event.name = name;
    event.fields = fields_.data();
    event.field_count = fields_.size();
    event.message_template = message_template;
    for (const Field& field : fields_) {
      for (const std::string_view key :
           {"timestamp", "level", "event", "func", "scope", "data", "message",
            "logger"}) {
        event.has_reserved_keys |= field.key == key;
      }
    }
  }
  TestEvent(const TestEvent&) = delete;
  TestEvent& operator=(const TestEvent&) = delete;

  std::string_view message() {
    message_.clear();
    render_message(&event, message_);
    return event.message;
  }

  // Renders the message too. The row lives until the next call.
  RowBatch row(RowForm form, const RowBatch& wanted = {}) {
    if (event.has_message()) message();
    event.raw_size = size();
    RowBatch row;
    render(event, form, wanted, scratch, &row);
    return row;
  }
  // Of the forms that are one line.
  std::string line(RowForm form) {
    return std::string(row(form).at(0, 0).text());
  }

  Event event;
  RowScratch scratch;

 private:
  static std::size_t size_of(const Value& value) {
    const bool text = value.kind() == Kind::text || value.kind() == Kind::json;
    return text ? value.text().size() : 0;
  }
  // No more than compose() would say, so that room that is too small shows.
  std::size_t size() const {
    std::size_t size = event.name.size() + size_of(event.func) +
                       size_of(event.scope) + event.logger.size();
    for (const Field& field : fields_) {
      size += field.key.size() + kOtherSize + size_of(field.value);
    }
    return size;
  }

  std::vector<Field> fields_;
  Buffer message_;
};

}  // namespace stogger
