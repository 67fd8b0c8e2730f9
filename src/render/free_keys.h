// Keys that a target has for itself.
//
// A field keeps its key wherever it can. Where the target has a key of its own
// by that name, "_" is appended to that of the field until no other field has
// it: `level` becomes `level_` in a JSON line, and `level__` if there is a
// field `level_` too, or if the target has that for itself. No value is lost to
// a name.
//
//   text      logger scope
//   json, logfmt, fields
//             timestamp level event func scope logger message
//   renamed_json
//             the names that it has in place of these
//   table     message and logger, which `data` has; timestamp, level, event,
//             func and scope unless they have a column that holds them; and
//             `data` unless it is a column of JSON. Without one, as in CSV,
//             columns without a kind are keys of the target too.
//   event     none: fields come after the columns that it begins with
#pragma once

#include "render/render.h"

namespace stogger {

// The event with the keys that its fields have there. It is valid while the
// event and the scratch memory, which holds its fields and keys, are unchanged.
Event with_free_keys(const Event& event, RowForm form, const RowBatch& wanted,
                     RowScratch& scratch);

}  // namespace stogger
