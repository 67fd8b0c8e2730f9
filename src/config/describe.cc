#include "config/config.h"
#include "config/controls.h"
#include "config/expand.h"
#include "config/redact.h"
#include "config/toml_text.h"

namespace stogger {
namespace {

std::string string_value(std::string_view text) {
  return toml_string(protect_variables(text));
}

std::string_view boolean(bool value) noexcept {
  return value ? "true" : "false";
}

std::string describe(const BuiltSink& sink) {
  std::string out = "\n[stogger.sinks." + toml_key(sink.name) + "]";
  // The key itself is not shown: besides this table it would be a second one.
  if (!sink.origin.empty()) out += "  # by " + sink.origin;
  out += "\n" + toml_line("type", string_value(sink.type));
  // A level of the system is not one of its own: rules count in its place.
  if (sink.has_level)
    out += toml_line("level", string_value(to_string(sink.level)));
  for (const ShownOption& option : sink.options) {
    out += toml_line(option.key, option.shown);
  }
  return out;
}

}  // namespace

std::string describe(const Config& config,
                     const std::vector<BuiltSink>& sinks) {
  std::string out =
      "[stogger]\n" +
      toml_line("level", string_value(to_string(config.level))) +
      toml_line("syslog_identifier",
                config.shown_identifier.empty()
                    ? string_value(config.syslog_identifier)
                    : config.shown_identifier) +
      toml_line("log_to_console", boolean(config.log_to_console)) +
      toml_line("caller_info", boolean(config.caller_info)) +
      toml_line("report_events", boolean(config.report_events)) +
      toml_line("watch", boolean(config.watch)) + describe_redaction(config);
  out += describe_controls(config);
  for (const BuiltSink& sink : sinks) out += describe(sink);
  return out;
}

}  // namespace stogger
