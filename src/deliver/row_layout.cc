#include "deliver/row_layout.h"

#include <algorithm>
#include <utility>

namespace stogger {

bool RowLayout::is_for(RowForm other, const RowBatch& others) const noexcept {
  return form == other &&
         std::equal(columns.begin(), columns.end(), others.columns,
                    others.columns + others.column_count,
                    [](const Column& a, const Column& b) {
                      return a.name == b.name && a.kind == b.kind;
                    });
}

void RowLayouts::refresh(const Sink& sink) {
  const RowForm form = sink.form();
  const RowBatch wanted = sink.columns();
  for (const auto& known : all_) {
    if (known->is_for(form, wanted)) {
      current_.store(known.get(), std::memory_order_release);
      return;
    }
  }
  auto layout = std::make_unique<RowLayout>();
  layout->form = form;
  layout->names.reserve(wanted.column_count);
  for (std::size_t i = 0; i < wanted.column_count; ++i) {
    layout->names.emplace_back(wanted.columns[i].name);
    layout->columns.push_back({layout->names.back(), wanted.columns[i].kind});
  }
  layout->wanted.columns = layout->columns.data();
  layout->wanted.column_count = layout->columns.size();
  all_.push_back(std::move(layout));
  current_.store(all_.back().get(), std::memory_order_release);
}

}  // namespace stogger
