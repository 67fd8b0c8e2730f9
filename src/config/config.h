// The configuration: what a TOML file says, as plain data, and the sinks made
// from it. Nothing here throws but std::bad_alloc, and nothing touches a
// target: Sink::open() does that.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hidden.h"
#include "base/options.h"
#include "deliver/dead_letters.h"
#include "deliver/delivery.h"
#include "event/recorder_settings.h"
#include "event/redaction.h"
#include "filter/event_filter.h"
#include "filter/level_rules.h"
#include "filter/limits.h"
#include "stogger/clock.h"
#include "stogger/level.h"
#include "stogger/sink.h"

namespace stogger {

// Counted from 1; line 0 stands for no place in particular. Columns count code
// points.
struct Position {
  int line = 0;
  int column = 0;
};

// One key of a sink's table.
struct OwnedOption {
  std::string key;
  OwnedValue value;
  std::string shown;                  // the value in TOML, without secrets
  Position where;                     // of the key
  std::vector<HiddenValue> hidden{};  // that came into it through variables
  bool has_clear_secret = false;      // that stands in the file itself
  // The key in the file, where that is another one: a key of [stogger] that
  // stands for an option of a sink.
  std::string given_as{};

  const std::string& key_in_file() const noexcept {
    return given_as.empty() ? key : given_as;
  }
};

struct SinkConfig {
  std::string name;
  std::string type;
  Level level = Level::info;
  bool has_level = false;  // of its own; else it is that of the system
  std::vector<OwnedOption> options;
  Position where;       // of its table, or of the key that stands for it
  Position type_where;  // of its type
  std::string origin;   // the key of [stogger] that stands for it, if one does
  std::vector<HiddenValue> hidden{};  // in its options, and in [stogger]
  // A problem with it was found: it is not to be started. It is kept so that
  // its other problems come to light too.
  bool wrong = false;
};

// A password that stands in the file.
struct ClearSecret {
  std::string key;
  Position where;
};

struct Config {
  std::string file;  // its name, for messages
  Level level = Level::info;
  std::string logdir;
  std::string syslog_identifier;
  bool log_to_console = true;
  bool caller_info = false;
  bool report_events = true;
  bool watch = false;         // the file
  DeliverySettings delivery;  // of sinks that say nothing else
  LevelRules levels;
  std::vector<OwnedOption> fields;  // that every event has
  std::vector<LimitRule> limits;
  RecorderSettings recorder;
  // Those of `redact_keys` come last.
  std::vector<std::string> redact = Redaction::default_names();
  std::shared_ptr<ValuePatterns> redact_values;  // null without any
  // As TOML, if they have to be shown in another way than they are.
  std::string shown_identifier;
  std::string shown_redact;
  std::string shown_redact_keys;
  std::string shown_redact_values;
  std::vector<HiddenValue> hidden;  // in the strings of [stogger]
  std::vector<ClearSecret> clear_secrets;
  bool is_public = false;  // everybody can read the file
  // Tables in the order of the file, then what keys of [stogger] stand for.
  std::vector<SinkConfig> sinks;
};

struct Problem {
  std::string file;
  Position where;
  std::string text;
  bool warning = false;
  // True for what a sink reports itself as soon as it is started.
  bool reported_by_sink = false;
};

// `FILE:LINE:COLUMN: text`, on one line.
std::string to_line(const Problem& problem);

// In the order of their positions.
void sort_problems(std::vector<Problem>* problems);

// The configuration of a program that has none: the defaults, and what
// $STOGGER_LEVEL says.
Config default_config(std::vector<Problem>* problems);

// Whatever is right is in the result; each problem is added to *problems.
Config read_config(std::string_view toml, std::string_view file_name,
                   std::vector<Problem>* problems);

enum class FileUse : unsigned char {
  obey,     // a file that others could have written is refused
  look_at,  // one gets a warning
};

// Reads regular files of at most 10 MiB. See why_untrusted() for whose files
// are refused.
Config read_config_file(std::string_view path, FileUse use,
                        std::vector<Problem>* problems);

struct ShownOption {
  std::string key;
  std::string shown;
};

struct BuiltSink {
  std::string name;
  std::string type;
  Level level = Level::info;
  SinkPtr sink;                       // not yet open
  std::vector<ShownOption> options;   // defaults included
  std::string origin;                 // what stands for it, if not a table
  std::vector<HiddenValue> hidden{};  // must not get into messages about it
  DeadLetterFile dead_letter{};       // for refused rows
  DeliverySettings delivery{};
  EventFilter filter{};
  bool has_level = false;  // of its own
  // All that it was made of, and what it is called: another one that has the
  // same would be the same sink. Empty if it could not be made as it should be.
  // Level and filter are no part of it, for an open sink may get others.
  // Contains secrets.
  std::string identity{};
};

// Makes the sinks that are right, and the console as log_to_console says.
// Starts the console in any case if there were problems (in *problems too) and
// nothing else is left.
std::vector<BuiltSink> build_sinks(const Config& config, Clock* clock,
                                   std::vector<Problem>* problems);

// Adds a warning for each thing that works but is unwise: see docs/security.md.
// Looks at folders, and touches nothing.
void add_advice(const Config& config, const std::vector<BuiltSink>& sinks,
                std::vector<Problem>* problems);

// What is in effect, as TOML that means the same. Secrets are hidden.
std::string describe(const Config& config, const std::vector<BuiltSink>& sinks);

}  // namespace stogger
