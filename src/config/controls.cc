#include "config/controls.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/number.h"
#include "base/options.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "config/option.h"
#include "config/toml_text.h"
#include "event/static_fields.h"

namespace stogger {
namespace {

class Controls {
 public:
  Controls(Config* config, std::vector<Problem>* problems)
      : config_(*config), problems_(*problems) {}

  void levels(const Member& table);
  void fields(const Member& table);
  void limits(const Member& list);
  void recorder(const Member& table);

 private:
  void add_problem(Position where, std::string text) {
    problems_.push_back({config_.file, where, std::move(text), false});
  }
  bool is_table(const Member& member, std::string_view what);
  std::string wrong_field(const OwnedOption& field) const;
  std::vector<OwnedOption> read_all(const Member& table);
  void limit(const Member& item);

  Config& config_;
  std::vector<Problem>& problems_;
};

bool Controls::is_table(const Member& member, std::string_view what) {
  if (member.node.type == Node::Type::table) return true;
  add_problem(member.where,
              quoted(member.key) + " must be a table: " + std::string(what));
  return false;
}

void Controls::levels(const Member& table) {
  if (!is_table(table, "[stogger.levels], with a level for each logger"))
    return;
  for (const Member& rule : table.node.members) {
    if (const auto wrong = wrong_rule_name(rule.key); !wrong.empty()) {
      add_problem(rule.where, "[stogger.levels]: the rule " + quoted(rule.key) +
                                  " " + std::string(wrong));
      continue;
    }
    if (rule.node.type == Node::Type::table) {
      add_problem(rule.where,
                  "[stogger.levels]: a name with dots stands in quotes: "
                  "\"db.pool\" = \"debug\"");
      continue;
    }
    Level level = Level::info;
    if (rule.node.type != Node::Type::text) {
      add_problem(rule.where, quoted(rule.key) + " must be a level, as text");
    } else if (!parse_level(rule.node.text, &level)) {
      add_problem(rule.where,
                  quoted(rule.key) + " " + wrong_level(rule.node.text));
    } else {
      config_.levels.set(rule.key, level);
    }
  }
}

std::string Controls::wrong_field(const OwnedOption& field) const {
  constexpr std::size_t kMost = 64;
  if (field.key.empty() || printable(field.key) != field.key) {
    return "must have a name on one line";
  }
  if (is_event_key(field.key)) {
    return "is something that events have themselves; choose another name";
  }
  const Kind kind = field.value.view().kind();
  if (kind == Kind::json || kind == Kind::time) {
    return "must be text, a number or a boolean";
  }
  std::size_t size = field.key.size() + field.value.text().size();
  for (const OwnedOption& other : config_.fields) {
    size += other.key.size() + other.value.text().size();
  }
  if (config_.fields.size() >= kMost) return "is one of more than 64 fields";
  if (size > kMostStaticBytes) return "makes the fields take more than 16 KiB";
  return {};
}

void Controls::fields(const Member& table) {
  if (!is_table(table, "[stogger.fields]")) return;
  for (const Member& member : table.node.members) {
    OwnedOption field;
    std::string why;
    if (!read_option(member, &field, &why)) {
      add_problem(member.where, quoted(member.key) + ": " + why);
      continue;
    }
    const std::string wrong = wrong_field(field);
    if (!wrong.empty()) {
      add_problem(member.where,
                  "[stogger.fields]: " + quoted(member.key) + " " + wrong);
      continue;
    }
    config_.fields.push_back(std::move(field));
  }
}

std::optional<NamePattern> read_pattern(Options& options,
                                        std::string_view key) {
  if (!options.has(key)) return {};
  const std::string_view pattern = options.text(key);
  if (options.has_problem(key)) return {};
  if (const auto wrong = wrong_pattern(pattern); !wrong.empty()) {
    options.problem(key, wrong);
    return {};
  }
  return NamePattern(pattern);
}

void read_rate(Options& options, LimitRule* rule) {
  constexpr double kMost = 1e6;
  rule->per_second = options.real("per_second", 0, 0, kMost);
  rule->burst =
      options.real("burst", std::max(rule->per_second, 1.0), 1, kMost);
  if (options.has("sample") || options.has("sample_by")) {
    options.problem(options.has("sample") ? "sample" : "sample_by",
                    "and \"per_second\" are two limits; keep one of them, or "
                    "make two rules");
  }
}

void read_sample(Options& options, LimitRule* rule) {
  rule->is_sample = true;
  rule->sample = options.real("sample", 1, 0, 1);
  rule->sample_by = options.text("sample_by");
  if (options.has("sample_by") && rule->sample_by.empty()) {
    options.problem("sample_by", "is empty; it is the name of a field");
  }
  if (options.has("burst")) {
    options.problem("burst", "goes with \"per_second\", not with \"sample\"");
  }
}

// The keys of a table, also those whose values are wrong.
std::vector<OwnedOption> Controls::read_all(const Member& table) {
  std::vector<OwnedOption> given;
  for (const Member& member : table.node.members) {
    OwnedOption option;
    std::string why;
    if (!read_option(member, &option, &why)) {
      add_problem(member.where, quoted(member.key) + ": " + why);
    }
    given.push_back(std::move(option));
  }
  return given;
}

void Controls::limit(const Member& item) {
  const std::vector<OwnedOption> given = read_all(item);
  const std::vector<Field> values = as_fields(given);
  Options options("limit", values);
  OptionsAccess::set_table(options, "stogger.limits", {});
  LimitRule rule;
  rule.event = read_pattern(options, "event");
  rule.logger = read_pattern(options, "logger");
  if (options.has("per_second")) {
    read_rate(options, &rule);
  } else if (options.has("sample")) {
    read_sample(options, &rule);
  } else {
    OptionsAccess::take_all(options);
    options.problem("per_second", "is required, or \"sample\"");
  }
  static_cast<void>(options.finish());
  if (!add_problems(options, given, item.node.where, config_.file,
                    &problems_)) {
    config_.limits.push_back(std::move(rule));
  }
}

void Controls::limits(const Member& list) {
  constexpr std::size_t kMost = 100;
  const std::string_view what =
      "\"limits\" is a list of tables: "
      "[[stogger.limits]]";
  if (list.node.type != Node::Type::list) {
    return add_problem(list.where, std::string(what));
  }
  for (const Member& item : list.node.members) {
    if (item.node.type != Node::Type::table) {
      add_problem(item.where, std::string(what));
    } else if (config_.limits.size() >= kMost) {
      return add_problem(item.where, "there are more than 100 limits");
    } else {
      limit(item);
    }
  }
}

void Controls::recorder(const Member& table) {
  if (!is_table(table, "[stogger.recorder]")) return;
  const std::vector<OwnedOption> given = read_all(table);
  const std::vector<Field> values = as_fields(given);
  Options options("recorder", values);
  OptionsAccess::set_table(options, "stogger.recorder", {});
  RecorderSettings settings;
  settings.level = read_level(options, Level::debug);
  settings.events = static_cast<std::size_t>(
      options.integer("events", static_cast<std::int64_t>(settings.events), 1,
                      RecorderSettings::kMostEvents));
  static_cast<void>(options.finish());
  if (!add_problems(options, given, table.where, config_.file, &problems_)) {
    config_.recorder = settings;
  }
}

std::vector<NamePattern> read_patterns(Options& options, std::string_view key) {
  std::vector<NamePattern> patterns;
  const std::size_t count = options.list_size(key);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view pattern = options.list_item(key, i);
    if (const auto wrong = wrong_pattern(pattern); !wrong.empty()) {
      options.problem(key, "has a name that " + std::string(wrong));
      return {};
    }
    patterns.emplace_back(pattern);
  }
  return patterns;
}

std::string describe(const LimitRule& rule) {
  std::string out = "\n[[stogger.limits]]\n";
  if (rule.event) out += toml_line("event", toml_string(rule.event->text()));
  if (rule.logger) out += toml_line("logger", toml_string(rule.logger->text()));
  if (rule.is_sample) {
    out += toml_line("sample", toml_value(Value(rule.sample)));
    if (!rule.sample_by.empty()) {
      out += toml_line("sample_by", toml_string(rule.sample_by));
    }
  } else {
    out += toml_line("per_second", toml_value(Value(rule.per_second)));
    out += toml_line("burst", toml_value(Value(rule.burst)));
  }
  return out;
}

}  // namespace

void read_levels_table(const Member& table, Config* config,
                       std::vector<Problem>* problems) {
  Controls(config, problems).levels(table);
}

void read_fields_table(const Member& table, Config* config,
                       std::vector<Problem>* problems) {
  Controls(config, problems).fields(table);
}

void read_limits(const Member& list, Config* config,
                 std::vector<Problem>* problems) {
  Controls(config, problems).limits(list);
}

void read_recorder(const Member& table, Config* config,
                   std::vector<Problem>* problems) {
  Controls(config, problems).recorder(table);
}

EventFilter read_filter(Options& options) {
  EventFilter filter;
  filter.events = read_patterns(options, "events");
  filter.not_events = read_patterns(options, "not_events");
  filter.loggers = read_patterns(options, "loggers");
  filter.not_loggers = read_patterns(options, "not_loggers");
  for (const char* const key : {"events", "loggers"}) {
    if (options.has(key) && options.list_size(key) == 0) {
      options.problem(key, "is empty: no event would pass; leave it out");
    }
  }
  return filter;
}

std::string describe_controls(const Config& config) {
  std::string out;
  if (!config.fields.empty()) out += "\n[stogger.fields]\n";
  for (const OwnedOption& field : config.fields) {
    out += toml_line(field.key, field.shown);
  }
  if (!config.levels.rules().empty()) out += "\n[stogger.levels]\n";
  for (const LevelRule& rule : config.levels.rules()) {
    out += toml_line(rule.logger, toml_string(to_string(rule.level)));
  }
  for (const LimitRule& rule : config.limits) out += describe(rule);
  if (config.recorder.is_on()) {
    out += "\n[stogger.recorder]\n" +
           toml_line("level", toml_string(to_string(config.recorder.level))) +
           toml_line("events", std::to_string(config.recorder.events));
  }
  return out;
}

}  // namespace stogger
