#include "config/redact.h"

#include <memory>
#include <string_view>
#include <utility>

#include "base/hidden.h"
#include "base/quote.h"
#include "config/expand.h"
#include "config/option.h"
#include "config/toml_text.h"
#include "filter/name_pattern.h"

namespace stogger {
namespace {

// False if the list is not given, or wrong.
bool read_names(Options& options, std::string_view key,
                std::vector<std::string>* names) {
  const std::size_t count = options.list_size(key);
  if (!options.has(key) || options.has_problem(key)) return false;
  std::vector<std::string> read;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = options.list_item(key, i);
    if (const auto wrong = wrong_pattern(name); !wrong.empty()) {
      options.problem(key, "has a name that " + std::string(wrong));
      return false;
    }
    read.emplace_back(name);
  }
  *names = std::move(read);
  return true;
}

void read_values(Options& options, const Node& table, const OwnedOption& given,
                 Config* config, std::vector<Problem>* problems) {
  constexpr std::string_view kKey = "redact_values";
  const std::size_t count = options.list_size(kKey);
  if (count == 0 || options.has_problem(kKey)) return;
  if (!ValuePatterns::is_built_in()) {
    return options.problem(
        kKey, "is not possible: this stogger was built without RE2");
  }
  if (count > ValuePatterns::kMost) {
    return options.problem(
        kKey,
        "has more than " + std::to_string(ValuePatterns::kMost) + " patterns");
  }
  std::vector<std::string> patterns;
  for (std::size_t i = 0; i < count; ++i) {
    std::string pattern(options.list_item(kKey, i));
    const std::string wrong =
        pattern.empty() ? "it is empty" : ValuePatterns::why_wrong(pattern);
    if (wrong.empty()) {
      patterns.push_back(std::move(pattern));
      continue;
    }
    const std::string text = quoted(kKey) + ": RE2 refuses the pattern " +
                             quoted(pattern) + ": " + wrong;
    problems->push_back({config->file, table.find(kKey)->node.members[i].where,
                         hide_values(given.hidden, text), false});
  }
  if (patterns.empty()) return;
  config->redact_values = std::make_shared<ValuePatterns>(std::move(patterns));
}

std::string names_value(const std::vector<std::string>& names) {
  std::string list = "[";
  for (const std::string& name : names) {
    if (list.size() > 1) list += ", ";
    list += toml_string(protect_variables(name));
  }
  return list + "]";
}

}  // namespace

void read_redaction(Options& options, const Node& table,
                    const std::vector<OwnedOption>& given, Config* config,
                    std::vector<Problem>* problems) {
  const auto shown = [&](std::string_view key) {
    const OwnedOption* const option = find_option(given, key);
    return option == nullptr ? std::string() : option->shown;
  };
  if (read_names(options, "redact", &config->redact)) {
    config->shown_redact = shown("redact");
  } else {
    config->shown_redact = names_value(config->redact);
  }
  std::vector<std::string> keys;
  if (read_names(options, "redact_keys", &keys)) {
    config->shown_redact_keys = shown("redact_keys");
    config->redact.insert(config->redact.end(), keys.begin(), keys.end());
  }
  config->shown_redact_values = shown("redact_values");
  if (const OwnedOption* values = find_option(given, "redact_values")) {
    read_values(options, table, *values, config, problems);
  } else {
    static_cast<void>(options.list_size("redact_values"));
  }
}

std::string describe_redaction(const Config& config) {
  std::string out = toml_line("redact", config.shown_redact.empty()
                                            ? names_value(config.redact)
                                            : config.shown_redact);
  if (!config.shown_redact_keys.empty()) {
    out += toml_line("redact_keys", config.shown_redact_keys);
  }
  if (!config.shown_redact_values.empty()) {
    out += toml_line("redact_values", config.shown_redact_values);
  }
  return out;
}

}  // namespace stogger
