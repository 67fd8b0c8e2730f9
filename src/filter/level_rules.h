// LevelRules: levels by the names of loggers. A rule holds for the logger of
// that name and for those whose names go on with a dot: `db` for `db` and
// `db.pool`, not for `dbx`. Of several, the one with the longest name holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/level.h"

namespace stogger {

struct LevelRule {
  std::string logger;
  Level level;
};

class LevelRules {
 public:
  // In place of the one for the same name, if there is one.
  void set(std::string_view logger, Level level);
  std::optional<Level> find(std::string_view logger) const noexcept;
  const std::vector<LevelRule>& rules() const noexcept { return rules_; }

 private:
  std::vector<LevelRule> rules_;
};

// What is wrong with a name that a rule is for; empty if nothing is.
std::string_view wrong_rule_name(std::string_view logger) noexcept;

// What $STOGGER_LEVEL says: `LEVEL`, `NAME=LEVEL`, or several with commas
// between them. Names that have a level already are given a new one. What is
// wrong with it, or an empty text; nothing is changed then. May throw
// std::bad_alloc.
std::string read_levels(std::string_view text, Level* level, LevelRules* rules);

// The words for a name that is no level's.
std::string wrong_level(std::string_view name);

}  // namespace stogger
