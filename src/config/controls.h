// The tables that say which events there are, and what all of them have:
// [stogger.levels], [stogger.fields], [[stogger.limits]], [stogger.recorder],
// and the filter of a sink.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/tree.h"
#include "filter/event_filter.h"
#include "stogger/sink.h"

namespace stogger {

// Each adds what is right to the configuration, and what is wrong to *problems.
void read_levels_table(const Member& table, Config* config,
                       std::vector<Problem>* problems);
void read_fields_table(const Member& table, Config* config,
                       std::vector<Problem>* problems);
void read_limits(const Member& list, Config* config,
                 std::vector<Problem>* problems);
void read_recorder(const Member& table, Config* config,
                   std::vector<Problem>* problems);

// The keys events, not_events, loggers and not_loggers of a sink's table.
EventFilter read_filter(Options& options);

// The tables again, as describe() has them.
std::string describe_controls(const Config& config);

}  // namespace stogger
