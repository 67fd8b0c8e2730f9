// Completing: what is left to do for an event that was composed, but neither
// has its message nor was shortened.
#pragma once

#include "base/buffer.h"
#include "event/compose.h"
#include "event/event.h"
#include "event/shorten.h"
#include "render/message.h"

namespace stogger {

// The event lives as long as the two memories are left alone, of which
// `message` has to be empty. May throw std::bad_alloc.
inline void complete(Event* event, Buffer& message, EventScratch& scratch) {
  if (event->has_message()) {
    render_message(event, message);
  }
  shorten(event, scratch);
}

}  // namespace stogger
