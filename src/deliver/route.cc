#include "deliver/route.h"

#include <utility>

#include "base/no_canary.h"

namespace stogger {

Route::Route(SinkTitle title, Level level, SinkPtr sink, Clock* clock,
             Ticker* ticker, DeadLetterFile dead_letter)
    : level_(level),
      outlet_(std::move(title), std::move(sink), clock, ticker,
              std::move(dead_letter)) {}

// False if there is no memory for it.
inline bool Route::render_row(const Event& event, const RowLayout& layout,
                              RowScratch& scratch) noexcept {
  try {
    render(event, layout.form, layout.wanted, scratch, &scratch.row);
    return true;
  } catch (...) {
    return false;
  }
}

STOGGER_NO_CANARY void Route::deliver(const Event& event,
                                      RowScratch& scratch) noexcept {
  // Rendering takes most of the time, so it is done before the lock is taken;
  // but not in vain, if the sink is known to be out of order.
  const RowLayout* layout = outlet_.layout();
  if (outlet_.is_failing() || !render_row(event, *layout, scratch)) {
    layout = nullptr;
  }
  if (!outlet_.begin_write(1)) return;
  if (outlet_.takes(layout)) [[likely]] {
    outlet_.write(scratch.row, scratch.sanitized);
  } else {
    deliver_rarely(event, layout, scratch);
  }
  outlet_.end_write();
}

// To a sink that has to be opened, or that wants other rows than were made.
[[gnu::noinline]] void Route::deliver_rarely(const Event& event,
                                             const RowLayout* rendered,
                                             RowScratch& scratch) noexcept {
  const RowLayout* const layout = outlet_.open_to_write(1);
  if (layout == nullptr) return;
  if (layout == rendered || render_row(event, *layout, scratch)) {
    outlet_.write(scratch.row, scratch.sanitized);
  } else {
    outlet_.refuse(1, "there was no memory for the event");
  }
}

void Route::count_on_from(const Route& before) noexcept {
  const SinkTitle& own = outlet_.title();
  const SinkTitle& other = before.outlet_.title();
  if (own.name == other.name && own.type == other.type) before_ = &before;
}

SinkStats Route::stats() const noexcept {
  SinkStats stats;
  stats.name = outlet_.title().name;
  stats.type = outlet_.title().type;
  stats.failing = outlet_.is_failing();
  for (const Route* one = this; one != nullptr; one = one->before_) {
    one->outlet_.counters().add_to(&stats);
  }
  return stats;
}

}  // namespace stogger
