#include "deliver/event_rows.h"

#include <stdexcept>

#include "render/complete.h"

namespace stogger {
namespace {

// What the memory for one event may keep.
constexpr std::size_t kKeptMemory = 256 * 1024;

}  // namespace

void EventRows::clear() noexcept {
  block_.clear();
  is_empty_ = true;
  sanitized_ = 0;
}

bool EventRows::add(std::span<const std::byte> record,
                    const RowLayout& layout) {
  if (!is_empty_ && !have_same_columns(layout.form)) return false;
  if (!record_.read(record)) throw std::invalid_argument("damaged");
  Event* const event = record_.completable();
  message_.recycle(kKeptMemory);
  complete(event, message_, event_scratch_);
  render(*event, layout.form, layout.wanted, row_scratch_, &row_scratch_.row);
  const bool is_added = block_.add(row_scratch_.row);
  if (is_added) {
    is_empty_ = false;
    sanitized_ += row_scratch_.sanitized;
  }
  row_scratch_.recycle(kKeptMemory);
  return is_added;
}

}  // namespace stogger
