// The part of the hub that keeps events which no sink takes, and hands them
// over when something fails.
#include "deliver/hub.h"
#include "deliver/inside_sink.h"
#include "event/event_record.h"
#include "render/complete.h"

namespace stogger {

// The first way that takes the event of that call; else where ways end.
const Way* Hub::first_taken(const Table& table, const detail::LoggerRep* logger,
                            const detail::Call& call) noexcept {
  const Way* way = table.ways.data();
  const Way* const end = way + table.ways.size();
  while (way != end && !table.takes(*way, logger, call.level, call.event)) {
    ++way;
  }
  return way;
}

// An event that no sink takes, for as long as nothing fails.
void Hub::record(const Table& table, const Time* time,
                 const detail::LoggerRep* logger, const detail::Call& call,
                 ScratchLease& scratch) {
  if (!table.recorder.keeps(call.level)) return scratch.took(0);
  const Event event =
      compose(logger, call, time != nullptr ? *time : clock_->now(),
              table.settings, scratch->event, 0);
  ScratchLease::recent_events().keep(event, origin(), table.recorder.events);
  scratch.took(event.raw_size);
}

// What was recorded before the event of that call, to the sinks that take it,
// if it says that something has failed. Called before it is composed, which
// needs the same memory.
void Hub::replay_if_failed(const Table& table, const detail::LoggerRep* logger,
                           const detail::Call& call,
                           ScratchLease& scratch) noexcept {
  if (call.level < Level::error && call.event != kScopeFailed) return;
  RecentEvents& recent = ScratchLease::recent_events();
  const InsideSink guard;
  try {
    EventRecord record;
    const std::size_t count = recent.count(origin());
    for (std::size_t i = 0; i < count; ++i) {
      if (!record.read(recent.record(i))) continue;
      Event event = record.event();
      scratch->message.clear();
      complete(&event, scratch->message, scratch->event);
      for (const Way& way : table.ways) {
        if (table.takes(way, logger, call.level, call.event) &&
            way.takes(event.name, event.logger)) {
          way.route->deliver(event, scratch->row);
        }
      }
    }
  } catch (...) {
    // No memory for it.
  }
  scratch->message.clear();
  recent.forget();
}

}  // namespace stogger
