// RecordRows: makes rows of the records of a queue, for its worker. What is in
// the records is known to whoever writes them and to this: EventRows for
// events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "deliver/row_layout.h"
#include "stogger/row.h"

namespace stogger {

class RecordRows {
 public:
  virtual ~RecordRows() = default;
  RecordRows(const RecordRows&) = delete;
  RecordRows& operator=(const RecordRows&) = delete;

  // Without rows, for further ones.
  virtual void clear() noexcept = 0;
  // Adds the row of a record. False, and it is not added, if it is not to be
  // handed over together with those before it; that is never so for the first
  // one. May throw std::bad_alloc, and std::invalid_argument for a record that
  // is none; then it is not added either.
  virtual bool add(std::span<const std::byte> record,
                   const RowLayout& layout) = 0;
  // Those that were added, until the next change.
  virtual RowBatch rows() const noexcept = 0;
  // How many of their values were changed to be valid.
  virtual std::uint32_t sanitized() const noexcept { return 0; }

 protected:
  RecordRows() = default;
};

}  // namespace stogger
