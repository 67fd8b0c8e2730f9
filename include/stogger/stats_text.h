// Statistics as text for Prometheus: version 0.0.4 of its exposition format, as
// OpenMetrics, Grafana Agent and others read it, too.
#pragma once

#include <string>

#include "stogger/export.h"
#include "stogger/stats.h"

namespace stogger {

// A line for each counter of each sink, such as
//   stogger_written_total{sink="audit",type="jsonl"} 42
// May throw std::bad_alloc.
STOGGER_API std::string stats_text(const Stats& stats);
// Those of the default system.
STOGGER_API std::string stats_text();

}  // namespace stogger
