// RowLayout: the form of rows that a sink wants, and RowLayouts: all that it
// has wanted so far.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "stogger/row.h"
#include "stogger/sink.h"

namespace stogger {

struct RowLayout {
  RowForm form = RowForm::table;
  std::vector<std::string> names;  // of the columns, which are views of them
  std::vector<Column> columns;
  RowBatch wanted;  // the columns

  bool is_for(RowForm other, const RowBatch& others) const noexcept;
};

// Layouts are immutable and kept until the end, for a thread may be rendering
// by one while the sink is opened again.
class RowLayouts {
 public:
  // Asks the sink. One thread at a time. May throw std::bad_alloc.
  void refresh(const Sink& sink);

  // What the sink wanted last. Callable from any thread after refresh().
  const RowLayout* current() const noexcept {
    return current_.load(std::memory_order_acquire);
  }

 private:
  std::atomic<const RowLayout*> current_{nullptr};
  std::vector<std::unique_ptr<const RowLayout>> all_;
};

}  // namespace stogger
