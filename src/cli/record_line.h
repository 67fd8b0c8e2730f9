// RecordLine: an event or a sample of a queue as a JSON line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "event/compose.h"
#include "event/event_record.h"
#include "render/render.h"
#include "sample/sample_batch.h"
#include "sample/sample_record.h"

namespace stogger {

class RecordLine {
 public:
  // False if the record is of neither. May throw std::bad_alloc.
  bool read(std::span<const std::byte> record);
  // Of what was read last.
  std::string_view text() const noexcept { return line_; }

 private:
  bool read_event(std::span<const std::byte> record);
  bool read_sample(std::span<const std::byte> record);
  Fields clean_json(Fields fields, std::uint32_t* sanitized);

  EventRecord event_;
  SampleRecord sample_;
  std::vector<Field> fields_;
  Arena texts_;
  EventScratch event_scratch_;
  Buffer text_;  // a message, or a line
  RowScratch row_scratch_;
  SampleBatch batch_;
  std::string_view line_;
};

}  // namespace stogger
