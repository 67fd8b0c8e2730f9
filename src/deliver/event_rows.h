// EventRows: events of a queue as rows, in the form that their sink wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/buffer.h"
#include "deliver/record_rows.h"
#include "deliver/row_block.h"
#include "event/compose.h"
#include "event/event_record.h"
#include "render/render.h"

namespace stogger {

class EventRows final : public RecordRows {
 public:
  // For rows with up to so many bytes of text; a single row may have more.
  explicit EventRows(std::size_t most_bytes) : block_(most_bytes) {}

  void clear() noexcept override;
  bool add(std::span<const std::byte> record, const RowLayout& layout) override;
  RowBatch rows() const noexcept override { return block_.rows(); }
  std::uint32_t sanitized() const noexcept override { return sanitized_; }

 private:
  RowBlock block_;
  bool is_empty_ = true;
  std::uint32_t sanitized_ = 0;
  EventRecord record_;
  EventScratch event_scratch_;
  Buffer message_;
  RowScratch row_scratch_;
};

}  // namespace stogger
