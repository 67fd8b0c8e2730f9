// Message templates: "Only {free_mb:.1f} MB left on {mount}".
#pragma once

#include "base/buffer.h"
#include "event/event.h"

namespace stogger {

// Renders event->message_template to event->message, which is in `out` then,
// and marks the fields that it shows. {name} is the value of that field,
// {name:spec} formats it as {fmt} would; {{ and }} are braces. Besides the
// fields there are event, level, logger, func and scope. A field that is
// missing or null reads <missing>, a specification that does not fit its value
// <bad format>; from a brace without its pair on, the template reads <bad
// format> and then its own text.
void render_message(Event* event, Buffer& out);

}  // namespace stogger
