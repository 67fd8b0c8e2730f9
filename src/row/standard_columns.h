// The six columns of a row of RowForm::table: those of the table that sinks
// without columns of their own write to.
#pragma once

#include "stogger/row.h"
#include "stogger/value.h"

namespace stogger {

inline constexpr Column kStandardColumns[] = {
    {"timestamp", Kind::time}, {"level", Kind::text}, {"event", Kind::text},
    {"func", Kind::text},      {"scope", Kind::text}, {"data", Kind::json}};

}  // namespace stogger
