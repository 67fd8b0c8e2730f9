// The entry of a systemd journal: MESSAGE for people, the standard fields that
// journalctl knows, and every field of the event as a field of its own. See
// docs/formats/journal.md.
#pragma once

#include <cstddef>
#include <vector>

#include "base/buffer.h"
#include "base/recycle.h"
#include "stogger/row.h"
#include "stogger/value.h"

namespace stogger {

// Memory for one entry, reused from event to event.
struct EntryScratch {
  Buffer text;
  std::vector<Column> columns;
  std::vector<Value> values;

  // Gives back memory beyond `most` bytes, of each kind.
  void recycle(std::size_t most) noexcept {
    text.recycle(most);
    recycle_vector(columns, most);
    recycle_vector(values, most);
  }
};

// The fields of the entry, as columns, for a row of RowForm::event. All values
// are clean text. It lives as long as the rows and the scratch are left alone.
RowBatch make_journal_entry(const RowBatch& rows, std::size_t row,
                            EntryScratch& scratch);

}  // namespace stogger
