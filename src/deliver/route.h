// Route: the way of events to one sink: its level, and rows in the form that it
// wants.
//
// Delivery is synchronous: deliver() returns when the sink has taken the event
// or the event is counted as lost.
#pragma once

#include <string>
#include <string_view>

#include "deliver/outlet.h"
#include "event/event.h"
#include "render/render.h"
#include "stogger/clock.h"
#include "stogger/level.h"
#include "stogger/sink.h"
#include "stogger/stats.h"

namespace stogger {

class Route {
 public:
  // As Outlet().
  Route(SinkTitle title, Level level, SinkPtr sink, Clock* clock,
        Ticker* ticker = nullptr, DeadLetterFile dead_letter = {});

  const std::string& name() const noexcept { return outlet_.title().name; }
  Level level() const noexcept { return level_; }
  Outlet& outlet() noexcept { return outlet_; }
  const Outlet& outlet() const noexcept { return outlet_; }

  // Adds the counters of the route it follows on to its own, if that is of the
  // same name and type. To be called before the route is in use; `before` must
  // live as long.
  void count_on_from(const Route& before) noexcept;

  // Renders into the scratch memory outside of the lock, then writes. If other
  // threads keep the sink busy for most of its deadline, the event is dropped.
  // Never throws.
  void deliver(const Event& event, RowScratch& scratch) noexcept;

  // Names are views into this route. Balanced at every moment.
  SinkStats stats() const noexcept;

 private:
  static bool render_row(const Event& event, const RowLayout& layout,
                         RowScratch& scratch) noexcept;
  void deliver_rarely(const Event& event, const RowLayout* rendered,
                      RowScratch& scratch) noexcept;

  const Level level_;
  const Route* before_ = nullptr;
  Outlet outlet_;
};

}  // namespace stogger
