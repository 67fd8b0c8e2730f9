#include "config/sink_identity.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "config/toml_text.h"

namespace stogger {
namespace {

// With its length, so that no two lists of texts are the same.
void append(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

void append(std::string& out, std::string_view key, const Value& value) {
  constexpr std::string_view kOfFilter[] = {"events", "not_events", "loggers",
                                            "not_loggers"};
  if (std::find(std::begin(kOfFilter), std::end(kOfFilter), key) !=
      std::end(kOfFilter)) {
    return;
  }
  append(out, key);
  const bool is_text = value.kind() == Kind::text;
  out += is_text ? 't' : 'v';
  append(out, is_text ? std::string(value.text()) : toml_value(value));
}

}  // namespace

std::string sink_identity(const SinkConfig& sink, const Options& options,
                          std::string_view identifier) {
  std::string out;
  append(out, sink.name);
  append(out, sink.type);
  append(out, identifier);
  for (const UsedOption& option : OptionsAccess::used(options)) {
    append(out, option.key, option.value.view());
  }
  std::vector<const OwnedOption*> given;
  for (const OwnedOption& option : sink.options) given.push_back(&option);
  std::sort(given.begin(), given.end(),
            [](const auto* a, const auto* b) { return a->key < b->key; });
  for (const OwnedOption* option : given) {
    append(out, option->key, option->value.view());
  }
  for (const HiddenValue& hidden : sink.hidden) {
    append(out, hidden.shown);
    append(out, hidden.value);
  }
  return out;
}

}  // namespace stogger
