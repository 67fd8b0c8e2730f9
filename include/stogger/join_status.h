// The status of a sample with several codes, as one text.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "stogger/export.h"

namespace stogger {

// The codes sorted, each once, joined by commas; empty ones are left out. May
// throw std::bad_alloc.
//   .status = stogger::join_status({"OVERRANGE", "HOLD"})  // HOLD,OVERRANGE
STOGGER_API std::string join_status(
    std::initializer_list<std::string_view> codes);
STOGGER_API std::string join_status(const std::string_view* codes,
                                    std::size_t count);

}  // namespace stogger
