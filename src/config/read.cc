// What the tables of a configuration mean.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <utility>

#include "base/names.h"
#include "base/quote.h"
#include "base/scrub.h"
#include "config/config.h"
#include "config/controls.h"
#include "config/expand.h"
#include "config/option.h"
#include "config/redact.h"
#include "config/toml_text.h"
#include "config/tree.h"
#include "deliver/read_delivery.h"
#include "module/registry.h"
#include "os/program_name.h"

namespace stogger {
namespace {

constexpr std::string_view kTable = "stogger";
// The tables in it.
constexpr std::array<std::string_view, 5> kTables = {
    "sinks", "levels", "fields", "limits", "recorder"};

// LOGDIR/NAME.log in TOML, with the variables as they were written.
std::string shown_path(const OwnedOption& logdir, const Config& config) {
  const auto inside = [](const std::string& quoted_text) {
    return quoted_text.substr(1, quoted_text.size() - 2);
  };
  const std::string folder = inside(logdir.shown);
  const std::string name =
      inside(config.shown_identifier.empty()
                 ? toml_string(protect_variables(config.syslog_identifier))
                 : config.shown_identifier);
  return '"' + folder + (folder.ends_with('/') ? "" : "/") + name + ".log\"";
}

class Reader {
 public:
  Reader(std::string_view file, std::vector<Problem>* problems)
      : problems_(problems) {
    config_.file = file;
    config_.syslog_identifier = program_name();
  }

  Config read(std::string_view toml) {
    Node top;
    Problem problem{config_.file, {}, {}, false};
    if (!parse_toml(toml, kTable, &top, &problem)) {
      problems_->push_back(std::move(problem));
    } else if (const Member* table = top.find(kTable); table == nullptr) {
      report_missing(top, toml);
    } else if (table->node.type != Node::Type::table) {
      add_problem(table->where, "\"stogger\" must be a table: [stogger]");
    } else {
      read_table(*table);
    }
    return finish();
  }

  Config finish() {
    read_environment();
    for (SinkConfig& sink : config_.sinks) {
      sink.hidden.insert(sink.hidden.end(), config_.hidden.begin(),
                         config_.hidden.end());
      if (!sink.has_level) sink.level = config_.level;
    }
    return std::move(config_);
  }

 private:
  void add_problem(Position where, std::string text) {
    problems_->push_back({config_.file, where, std::move(text), false});
  }

  bool has_sink(std::string_view name) const noexcept {
    return std::any_of(
        config_.sinks.begin(), config_.sinks.end(),
        [&](const SinkConfig& sink) { return sink.name == name; });
  }

  void report_missing(const Node& top, std::string_view toml);
  std::vector<OwnedOption> read_options(
      const Node& table, std::span<const std::string_view> except, bool keep,
      bool* all_right);
  void read_table(const Member& table);
  void read_settings(Options& options, const std::vector<OwnedOption>& given);
  void read_logdir(Options& options, const std::vector<OwnedOption>& given);
  void read_postgres(Options& options, const Node& table,
                     const std::vector<OwnedOption>& given);
  bool can_stand_for(Options& options, std::string_view key,
                     std::string_view sink);
  void read_sinks(const Member& sinks);
  void read_sink(const Member& member);
  void read_type(const Member& member, Options& options, SinkConfig* sink);
  void read_environment();

  Config config_;
  std::vector<Problem>* problems_;
};

void Reader::report_missing(const Node& top, std::string_view toml) {
  const std::vector<std::string> wanted = {std::string(kTable)};
  for (const Member& member : top.members) {
    const std::string hint = did_you_mean(member.key, wanted);
    if (!hint.empty()) {
      return add_problem(member.where,
                         "there is no [stogger] table, but one named " +
                             quoted(member.key) + hint);
    }
  }
  const bool blank = toml.find_first_not_of(" \t\r\n") == toml.npos;
  add_problem({1, 1}, blank ? "the file is empty; it needs a [stogger] table"
                            : "there is no [stogger] table");
}

// All keys of a table but some. Those whose value is not known are problems;
// they are left out unless they are to be kept.
std::vector<OwnedOption> Reader::read_options(
    const Node& table, std::span<const std::string_view> except, bool keep,
    bool* all_right) {
  std::vector<OwnedOption> options;
  for (const Member& member : table.members) {
    if (std::find(except.begin(), except.end(), member.key) != except.end()) {
      continue;
    }
    OwnedOption option;
    std::string why;
    const bool right = read_option(member, &option, &why);
    if (!right) {
      add_problem(member.where, quoted(member.key) + ": " + why);
      *all_right = false;
    }
    if (option.has_clear_secret) {
      config_.clear_secrets.push_back({option.key, option.where});
    }
    if (right || keep) options.push_back(std::move(option));
  }
  return options;
}

void Reader::read_table(const Member& table) {
  if (const Member* sinks = table.node.find("sinks")) read_sinks(*sinks);
  if (const Member* levels = table.node.find("levels")) {
    read_levels_table(*levels, &config_, problems_);
  }
  if (const Member* static_fields = table.node.find("fields")) {
    read_fields_table(*static_fields, &config_, problems_);
  }
  if (const Member* limits = table.node.find("limits")) {
    read_limits(*limits, &config_, problems_);
  }
  if (const Member* recorder = table.node.find("recorder")) {
    read_recorder(*recorder, &config_, problems_);
  }
  bool all_right = true;
  const std::vector<OwnedOption> given =
      read_options(table.node, kTables, false, &all_right);
  config_.hidden = hidden_in(given);
  const std::vector<HiddenValue> in_fields = hidden_in(config_.fields);
  config_.hidden.insert(config_.hidden.end(), in_fields.begin(),
                        in_fields.end());
  const std::vector<Field> fields = as_fields(given);
  Options options(kTable, fields);
  OptionsAccess::set_table(options, std::string(kTable),
                           {kTables.begin(), kTables.end()});
  read_settings(options, given);
  read_redaction(options, table.node, given, &config_, problems_);
  read_logdir(options, given);
  read_postgres(options, table.node, given);
  static_cast<void>(options.finish());
  add_problems(options, given, table.node.where, config_.file, problems_);
}

void Reader::read_settings(Options& options,
                           const std::vector<OwnedOption>& given) {
  config_.level = read_level(options, config_.level);
  config_.log_to_console = options.boolean("log_to_console", true);
  config_.caller_info = options.boolean("caller_info", false);
  config_.report_events = options.boolean("report_events", true);
  config_.watch = options.boolean("watch", false);
  config_.delivery = read_default_delivery(options);
  const OwnedOption* identifier = find_option(given, "syslog_identifier");
  if (identifier == nullptr) {
    static_cast<void>(options.has("syslog_identifier"));
    return;
  }
  const std::string_view name = options.required("syslog_identifier");
  if (name.empty()) return;
  if (printable(name) != name) {
    options.problem("syslog_identifier", "must be text on one line");
  } else {
    config_.syslog_identifier = name;
    config_.shown_identifier = identifier->shown;
  }
}

// Whether the name of the sink that a key of [stogger] stands for is free.
bool Reader::can_stand_for(Options& options, std::string_view key,
                           std::string_view sink) {
  if (!has_sink(sink)) return true;
  options.problem(key, "and [stogger.sinks." + std::string(sink) +
                           "] both make a sink named " + quoted(sink) +
                           "; keep one of them");
  return false;
}

void Reader::read_logdir(Options& options,
                         const std::vector<OwnedOption>& given) {
  if (!options.has("logdir")) return;
  std::string folder(options.required("logdir"));
  if (folder.empty()) return;
  if (folder.starts_with('~')) {
    return options.problem(
        "logdir", "begins with ~, which is not expanded; write ${HOME}");
  }
  const std::string& name = config_.syslog_identifier;
  if (name.find('/') != std::string::npos) {
    return options.problem("syslog_identifier",
                           "must not contain \"/\" when there is a logdir: "
                           "the log file is named after it");
  }
  config_.logdir = folder;
  if (!can_stand_for(options, "logdir", "file")) return;
  if (!folder.ends_with('/')) folder += '/';
  const std::string path = folder + name + ".log";
  const OwnedOption* logdir = find_option(given, "logdir");
  SinkConfig sink;
  sink.name = sink.type = "file";
  sink.origin = "logdir";
  sink.where = sink.type_where = logdir->where;
  sink.options.push_back(
      {"path", OwnedValue(path), shown_path(*logdir, config_), sink.where});
  sink.options.back().given_as = "logdir";
  config_.sinks.push_back(std::move(sink));
}

void Reader::read_postgres(Options& options, const Node& table,
                           const std::vector<OwnedOption>& given) {
  const bool enabled = options.boolean("enable_postgres", false);
  const std::string_view dsn = options.text("postgres_dsn");
  static_cast<void>(options.text("postgres_table"));
  if (!enabled) return;
  if (dsn.empty()) {
    // One that could not be read was reported already.
    if (table.find("postgres_dsn") == nullptr) {
      options.problem("enable_postgres", "needs postgres_dsn");
    } else if (options.has("postgres_dsn") &&
               !options.has_problem("postgres_dsn")) {
      options.problem("postgres_dsn", "must not be empty");
    }
    return;
  }
  if (!can_stand_for(options, "enable_postgres", "postgres")) return;
  SinkConfig sink;
  sink.name = sink.type = "postgres";
  sink.origin = "enable_postgres";
  sink.where = sink.type_where = find_option(given, "enable_postgres")->where;
  for (const auto& [key, option] : {std::pair("postgres_dsn", "dsn"),
                                    std::pair("postgres_table", "table")}) {
    const OwnedOption* const own = find_option(given, key);
    if (own == nullptr) continue;
    OwnedOption passed = *own;
    passed.key = option;
    passed.given_as = key;
    sink.options.push_back(std::move(passed));
  }
  config_.sinks.push_back(std::move(sink));
}

void Reader::read_sinks(const Member& sinks) {
  if (sinks.node.type != Node::Type::table) {
    return add_problem(
        sinks.where,
        "\"sinks\" must be a table of tables: [stogger.sinks.NAME]");
  }
  for (const Member& member : sinks.node.members) read_sink(member);
}

void Reader::read_sink(const Member& member) {
  if (member.node.type != Node::Type::table) {
    return add_problem(member.where, quoted(member.key) +
                                         " in [stogger.sinks] must be a table: "
                                         "[stogger.sinks." +
                                         toml_key(member.key) + "]");
  }
  if (member.key.empty() || printable(member.key) != member.key) {
    return add_problem(member.where,
                       "the name of a sink must be text on one line, not " +
                           quoted(member.key));
  }
  SinkConfig sink;
  sink.name = member.key;
  sink.where = sink.type_where = member.node.where;
  bool all_right = true;
  sink.options = read_options(member.node, {}, true, &all_right);
  sink.hidden = hidden_in(sink.options);

  std::vector<OwnedOption> common;
  std::erase_if(sink.options, [&](const OwnedOption& option) {
    if (option.key != "type" && option.key != "level") return false;
    common.push_back(option);
    return true;
  });
  const std::vector<Field> fields = as_fields(common);
  Options options("sink", fields);
  read_type(member, options, &sink);
  sink.level = read_level(options, Level::info);
  static_cast<void>(options.finish());
  const bool wrong =
      add_problems(options, common, sink.where, config_.file, problems_);
  sink.wrong = wrong || sink.type.empty() || !all_right;
  sink.has_level = find_option(common, "level") != nullptr;
  config_.sinks.push_back(std::move(sink));
}

void Reader::read_type(const Member& member, Options& options,
                       SinkConfig* sink) {
  if (const Member* type = member.node.find("type")) {
    sink->type = options.required("type");
    sink->type_where = type->where;
    return;
  }
  const std::string table = "[stogger.sinks." + toml_key(sink->name) + "]";
  for (const OwnedOption& option : sink->options) {
    const std::string hint = did_you_mean(option.key, {"type"});
    if (!hint.empty()) {
      return add_problem(option.where, "unknown key " + quoted(option.key) +
                                           " in " + table + hint);
    }
  }
  add_problem(sink->where, "\"type\" is required in " + table + ": " +
                               quoted_list(sink_types()));
}

void Reader::read_environment() {
  const char* name = ::secure_getenv("STOGGER_LEVEL");
  if (name == nullptr || *name == '\0') return;
  const std::string wrong = read_levels(name, &config_.level, &config_.levels);
  if (wrong.empty()) return;
  problems_->push_back({"$STOGGER_LEVEL", {}, "its value " + wrong, false});
}

}  // namespace

std::string to_line(const Problem& problem) {
  std::string line = problem.file + ":";
  if (problem.where.line > 0) {
    line += std::to_string(problem.where.line) + ":" +
            std::to_string(std::max(problem.where.column, 1)) + ":";
  }
  line += problem.warning ? " warning: " : " ";
  return printable(line + problem.text);
}

void sort_problems(std::vector<Problem>* problems) {
  std::stable_sort(problems->begin(), problems->end(),
                   [](const Problem& a, const Problem& b) {
                     return std::pair(a.where.line, a.where.column) <
                            std::pair(b.where.line, b.where.column);
                   });
}

Config default_config(std::vector<Problem>* problems) {
  return Reader({}, problems).finish();
}

Config read_config(std::string_view toml, std::string_view file_name,
                   std::vector<Problem>* problems) {
  return Reader(file_name, problems).read(toml);
}

}  // namespace stogger
