// The names of all fields in the suite's events, for sinks whose columns are
// fixed when they are opened.
#pragma once

#include <string_view>

namespace stogger {

inline constexpr std::string_view kFieldNames[] = {"seq",
                                                   "a",
                                                   "b",
                                                   "c",
                                                   "text",
                                                   "real",
                                                   "none",
                                                   "null_value",
                                                   "true_value",
                                                   "false_value",
                                                   "zero",
                                                   "minus_one",
                                                   "int64_min",
                                                   "int64_max",
                                                   "above_int64",
                                                   "uint64_max",
                                                   "whole_real",
                                                   "minus_zero",
                                                   "tenth",
                                                   "thirds",
                                                   "pi",
                                                   "two_to_53",
                                                   "real_max",
                                                   "real_min",
                                                   "real_lowest",
                                                   "denormal",
                                                   "minus_denormal",
                                                   "nan",
                                                   "infinity",
                                                   "minus_infinity",
                                                   "empty_text",
                                                   "number_like_text",
                                                   "time",
                                                   "time_in_nanoseconds",
                                                   "time_zero",
                                                   "time_before_1970",
                                                   "first_time",
                                                   "last_time",
                                                   "object",
                                                   "array",
                                                   "json_text",
                                                   "json_null"};

}  // namespace stogger
