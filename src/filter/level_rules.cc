#include "filter/level_rules.h"

#include <algorithm>
#include <utility>

#include "base/names.h"
#include "base/quote.h"
#include "base/visible.h"

namespace stogger {
namespace {

bool is_for(std::string_view rule, std::string_view logger) noexcept {
  return logger.starts_with(rule) &&
         (logger.size() == rule.size() || logger[rule.size()] == '.');
}

const std::vector<std::string>& level_names() {
  static const auto* const names = [] {
    auto* made = new std::vector<std::string>;
    for (int i = 0; i <= static_cast<int>(Level::off); ++i) {
      made->emplace_back(to_string(static_cast<Level>(i)));
    }
    return made;
  }();
  return *names;
}

std::string_view without_blanks(std::string_view text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

void LevelRules::set(std::string_view logger, Level level) {
  const auto known = std::find_if(
      rules_.begin(), rules_.end(),
      [&](const LevelRule& rule) { return rule.logger == logger; });
  if (known != rules_.end()) {
    known->level = level;
  } else {
    rules_.push_back({std::string(logger), level});
  }
}

std::optional<Level> LevelRules::find(std::string_view logger) const noexcept {
  const LevelRule* best = nullptr;
  for (const LevelRule& rule : rules_) {
    if (is_for(rule.logger, logger) &&
        (best == nullptr || rule.logger.size() > best->logger.size())) {
      best = &rule;
    }
  }
  return best != nullptr ? std::optional(best->level) : std::nullopt;
}

std::string_view wrong_rule_name(std::string_view logger) noexcept {
  constexpr std::size_t kLongest = 1000;
  if (logger.empty()) {
    return "has no name; the level of all other loggers is `level`";
  }
  if (logger.size() > kLongest) return "has a name of more than 1,000 bytes";
  if (logger.find_first_of("*,=") != std::string_view::npos) {
    return "has a name with *, comma or =; a rule for \"db\" holds for "
           "\"db.pool\""
           ", too";
  }
  return {};
}

std::string read_levels(std::string_view text, Level* level,
                        LevelRules* rules) {
  Level read = *level;
  LevelRules more;
  bool has_level = false;
  for (bool is_last = false; !is_last;) {
    const std::size_t comma = text.find(',');
    is_last = comma == std::string_view::npos;
    const std::string_view part = without_blanks(text.substr(0, comma));
    text.remove_prefix(is_last ? text.size() : comma + 1);
    const std::size_t equals = part.rfind('=');
    const bool is_rule = equals != std::string_view::npos;
    const std::string_view logger =
        without_blanks(part.substr(0, is_rule ? equals : 0));
    const std::string_view name =
        is_rule ? without_blanks(part.substr(equals + 1)) : part;
    Level given;
    if (!parse_level(name, &given)) return wrong_level(name);
    if (!is_rule) {
      if (std::exchange(has_level, true))
        return "has two levels without a name";
      read = given;
      continue;
    }
    if (const auto wrong = wrong_rule_name(logger); !wrong.empty()) {
      return quoted(part) + " " + std::string(wrong);
    }
    const std::size_t count = more.rules().size();
    more.set(logger, given);
    if (more.rules().size() == count)
      return "has two levels for " + quoted(logger);
  }
  *level = read;
  for (const LevelRule& rule : more.rules())
    rules->set(rule.logger, rule.level);
  return {};
}

std::string wrong_level(std::string_view name) {
  return "must be " + quoted_list(level_names()) + ", not " + quoted(name) +
         did_you_mean(name, level_names());
}

}  // namespace stogger
