// Shortening: no event is larger than kLargestEvent.
#pragma once

#include "event/compose.h"
#include "event/event.h"

namespace stogger {

// If the event, written as JSON, would be larger than that, its longest texts
// (name, message and the other attributes included) are cut on UTF-8 boundaries
// until it is not, and a field `_truncated` = true is added. If keys and
// numbers alone are too much, fields go: the largest, of equals the last ones.
// An event that is truncated already gets the field. However long the texts
// are, no more than about kLargestEvent bytes of them are looked at. May throw
// std::bad_alloc.
void shorten_long(Event* event, EventScratch& scratch);

inline void shorten(Event* event, EventScratch& scratch) {
  // What a byte grows to at most in JSON: \u0000 is six.
  constexpr std::size_t kLargestGrowth = 6;
  const std::size_t raw_size = event->raw_size + event->message.size();
  if (raw_size * kLargestGrowth > kLargestEvent / 2 || event->truncated) {
    shorten_long(event, scratch);
  }
}

}  // namespace stogger
