#include "stogger/stats_text.h"

#include <cstdint>
#include <string_view>

#include "stogger/log.h"

namespace stogger {
namespace {

struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t (*value)(const SinkStats& sink);
};

constexpr Metric kMetrics[] = {
    {"stogger_accepted_total", "counter", "Events that passed the level.",
     [](const SinkStats& sink) { return sink.accepted; }},
    {"stogger_written_total", "counter", "Events handed to the target.",
     [](const SinkStats& sink) { return sink.written; }},
    {"stogger_dropped_total", "counter", "Events that are lost.",
     [](const SinkStats& sink) { return sink.dropped; }},
    {"stogger_dead_lettered_total", "counter",
     "Events that the target refused and that are kept elsewhere.",
     [](const SinkStats& sink) { return sink.dead_lettered; }},
    {"stogger_in_doubt_total", "counter",
     "Events that were sent and got no answer.",
     [](const SinkStats& sink) { return sink.in_doubt; }},
    {"stogger_pending", "gauge", "Events in a queue or a buffer.",
     [](const SinkStats& sink) { return sink.pending; }},
    {"stogger_failed_total", "counter",
     "Calls that failed, or in which a row was refused.",
     [](const SinkStats& sink) { return sink.failed; }},
    {"stogger_sanitized_total", "counter",
     "Values in which bad bytes were replaced.",
     [](const SinkStats& sink) { return sink.sanitized; }},
    {"stogger_failing", "gauge", "1 if the target failed when last tried.",
     [](const SinkStats& sink) { return std::uint64_t{sink.failing}; }},
};

void append_label(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

void append(std::string& out, const Metric& metric, const SinkStats& sink) {
  (out += metric.name) += "{sink=\"";
  append_label(out, sink.name);
  out += "\",type=\"";
  append_label(out, sink.type);
  (out += "\"} ") += std::to_string(metric.value(sink));
  out += '\n';
}

}  // namespace

std::string stats_text(const Stats& stats) {
  std::string out;
  for (const Metric& metric : kMetrics) {
    ((out += "# HELP ") += metric.name) += ' ';
    (out += metric.help) += '\n';
    ((out += "# TYPE ") += metric.name) += ' ';
    (out += metric.type) += '\n';
    for (const SinkStats& sink : stats) append(out, metric, sink);
  }
  out +=
      "# HELP stogger_suppressed_total Events that a limit left out.\n"
      "# TYPE stogger_suppressed_total counter\n"
      "stogger_suppressed_total " +
      std::to_string(stats.suppressed()) + "\n";
  return out;
}

std::string stats_text() { return stats_text(stats()); }

}  // namespace stogger
