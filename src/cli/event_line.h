// EventLine: an event of a queue as a JSON line.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "event/compose.h"
#include "event/event_record.h"
#include "render/render.h"

namespace stogger {

class EventLine {
 public:
  // False if the record is none of an event. May throw std::bad_alloc.
  bool read(std::span<const std::byte> record);
  // Of what was read last.
  std::string_view text() const noexcept { return line_; }

 private:
  void clean_json(Event* event);

  EventRecord record_;
  std::vector<Field> fields_;
  Arena texts_;
  EventScratch event_scratch_;
  Buffer message_;
  RowScratch row_scratch_;
  std::string_view line_;
};

}  // namespace stogger
