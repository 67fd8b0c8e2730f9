// From the configuration to sinks.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/options.h"
#include "base/quote.h"
#include "base/scrub.h"
#include "config/config.h"
#include "config/controls.h"
#include "config/expand.h"
#include "config/file_identity.h"
#include "config/option.h"
#include "config/sink_identity.h"
#include "config/toml_text.h"
#include "deliver/read_delivery.h"
#include "module/known_types.h"
#include "module/registry.h"

namespace stogger {
namespace {

constexpr std::string_view kConsole = "console";

bool writes_file(std::string_view type) {
  const KnownType* known = find_known_type(type);
  return known != nullptr && known->writes_file;
}

std::string_view used_text(const Options& options, std::string_view key) {
  for (const UsedOption& option : OptionsAccess::used(options)) {
    if (option.key == key) return option.value.text();
  }
  return {};
}

// The options in effect, defaults included, of which the name of the service is
// one.
std::vector<ShownOption> show(const Options& options,
                              const std::vector<OwnedOption>& given,
                              const Config& config) {
  std::vector<ShownOption> shown;
  for (const UsedOption& option : OptionsAccess::used(options)) {
    const OwnedOption* own = find_option(given, option.key);
    const Value value = option.value.view();
    if (own != nullptr) {
      shown.push_back({own->key, own->shown});
    } else if (value.kind() != Kind::text) {
      shown.push_back({option.key, toml_value(value)});
    } else if (value.text() == config.syslog_identifier &&
               !config.shown_identifier.empty()) {
      shown.push_back({option.key, config.shown_identifier});
    } else if (!value.text().empty()) {
      shown.push_back(
          {option.key, show_text(option.key, protect_variables(value.text()))});
    }
  }
  return shown;
}

// True if stderr goes to the journal, as systemd tells its services:
// $JOURNAL_STREAM is DEVICE:INODE of the stream it set up. A service that
// passes the variable on to a program with another stderr does not mislead.
bool is_stderr_journal() noexcept {
  const char* stream = ::secure_getenv("JOURNAL_STREAM");
  struct stat status = {};
  if (stream == nullptr || ::fstat(2, &status) != 0) return false;
  char* end = nullptr;
  const unsigned long long device = std::strtoull(stream, &end, 10);
  if (end == stream || *end != ':') return false;
  const char* inode_begin = end + 1;
  const unsigned long long inode = std::strtoull(inode_begin, &end, 10);
  return end != inode_begin && *end == '\0' && device == status.st_dev &&
         inode == status.st_ino;
}

class Builder {
 public:
  Builder(const Config& config, Clock* clock, std::vector<Problem>* problems)
      : config_(config), clock_(clock), problems_(problems) {}

  std::vector<BuiltSink> build() {
    const std::size_t problems = problems_->size();
    for (const SinkConfig& sink : config_.sinks) build(sink);
    add_console();
    if (built_.empty() && problems_->size() == problems) warn_of_silence();
    return std::move(built_);
  }

 private:
  // A file that a sink writes.
  struct Target {
    const SinkConfig* sink;
    std::string path;
    std::string table;
  };

  void add_problem(Position where, std::string text, bool warning = false) {
    problems_->push_back({config_.file, where, std::move(text), warning});
  }
  void report_missing(const SinkConfig& sink, const Status& missing) {
    add_problem(sink.type_where,
                "the sink " + quoted(sink.name) + " cannot be opened: " +
                    hide_values(sink.hidden, missing.message()),
                true);
    problems_->back().reported_by_sink = true;
  }

  void build(const SinkConfig& sink);
  bool make(const SinkConfig& sink, const SinkType& type, BuiltSink* built);
  DeliverySettings default_delivery(std::string_view type) const;
  bool check_file(const SinkConfig& sink, const Options& options);
  bool check_dead_letter(const BuiltSink& built, const SinkConfig& sink);
  void add_shared_file(const SinkConfig& sink, Position where,
                       std::string_view other, const std::string& path);
  bool is_name_taken(const SinkConfig& sink);
  bool has(std::string_view type) const noexcept;
  void add_console();
  void warn_of_silence();

  const Config& config_;
  Clock* clock_;
  std::vector<Problem>* problems_;
  std::vector<BuiltSink> built_;
  std::vector<Target> targets_;
  std::vector<Target> letters_;
};

void Builder::build(const SinkConfig& sink) {
  if (sink.type.empty()) return;
  SinkType type;
  const Status found = find_sink_type(sink.type, &type);
  if (!found.ok()) {
    return add_problem(sink.type_where,
                       hide_values(sink.hidden, found.message()));
  }
  BuiltSink built;
  built.name = sink.name;
  built.type = sink.type;
  built.level = sink.level;
  built.has_level = sink.has_level;
  built.origin = sink.origin;
  built.hidden = sink.hidden;
  if (!make(sink, type, &built) || sink.wrong || is_name_taken(sink)) return;
  if (!type.missing.ok()) {
    report_missing(sink, type.missing);
    built.identity.clear();  // the module may be there next time
  }
  built_.push_back(std::move(built));
}

bool Builder::make(const SinkConfig& sink, const SinkType& type,
                   BuiltSink* built) {
  const std::vector<Field> fields = as_fields(sink.options);
  Options options(sink.type, fields);
  OptionsAccess::set_table(options, "stogger.sinks." + toml_key(sink.name),
                           {"type", "level"});
  OptionsAccess::set_identifier(options, config_.syslog_identifier);
  OptionsAccess::set_sink_name(options, sink.name);
  OptionsAccess::set_clock(options, clock_);
  built->dead_letter = read_dead_letter(options);
  built->delivery = read_delivery(options, default_delivery(sink.type));
  built->filter = read_filter(options);
  const Status status = make_sink(type, options, &built->sink);
  if (add_problems(options, sink.options, sink.where, config_.file,
                   problems_)) {
    return false;
  }
  if (!status.ok()) {
    add_problem(sink.where, "the sink " + quoted(sink.name) +
                                " cannot be made: " +
                                hide_values(sink.hidden, status.message()));
    return false;
  }
  built->options = show(options, sink.options, config_);
  built->identity = sink_identity(sink, options, config_.syslog_identifier);
  return check_file(sink, options) && check_dead_letter(*built, sink);
}

// What people look at, and tests, is there at once, unless the sink itself says
// otherwise.
DeliverySettings Builder::default_delivery(std::string_view type) const {
  DeliverySettings delivery = config_.delivery;
  if (type == kConsole || type == "memory") delivery.delivery = Delivery::sync;
  return delivery;
}

void Builder::add_shared_file(const SinkConfig& sink, Position where,
                              std::string_view other, const std::string& path) {
  add_problem(where, "the sinks " + quoted(other) + " and " +
                         quoted(sink.name) + " write to the same file " +
                         quoted(hide_values(sink.hidden, hide_secrets(path))));
}

// Dead letters may share a file with each other, and with nothing else.
bool Builder::check_dead_letter(const BuiltSink& built,
                                const SinkConfig& sink) {
  if (built.dead_letter.path.empty()) return true;
  Target letters{&sink, file_identity(built.dead_letter.path), ""};
  if (letters.path.empty()) return true;
  for (const Target& other : targets_) {
    if (other.path != letters.path) continue;
    const OwnedOption* option = find_option(sink.options, "dead_letter");
    add_shared_file(sink, option == nullptr ? sink.where : option->where,
                    other.sink->name, letters.path);
    return false;
  }
  letters_.push_back(std::move(letters));
  return true;
}

// Two sinks must not write to one file, unless they are tables of a database.
bool Builder::check_file(const SinkConfig& sink, const Options& options) {
  const std::string_view path = used_text(options, "path");
  if (!writes_file(sink.type) || path.empty()) return true;
  const OwnedOption* option = find_option(sink.options, "path");
  const Position where = option == nullptr ? sink.where : option->where;
  if (path.starts_with('~')) {
    add_problem(where,
                "\"path\" begins with ~, which is not expanded; write ${HOME}");
    return false;
  }
  Target target{&sink, file_identity(path),
                std::string(used_text(options, "table"))};
  if (target.path.empty()) return true;
  for (const Target& other : targets_) {
    const bool share = sink.type == "sqlite" && other.sink->type == "sqlite" &&
                       target.table != other.table;
    if (other.path != target.path || share) continue;
    add_shared_file(sink, where, other.sink->name, target.path);
    return false;
  }
  for (const Target& other : letters_) {
    if (other.path != target.path) continue;
    add_shared_file(sink, where, other.sink->name, target.path);
    return false;
  }
  targets_.push_back(std::move(target));
  return true;
}

// The console that log_to_console starts is named so.
bool Builder::is_name_taken(const SinkConfig& sink) {
  if (sink.name != kConsole || sink.type == kConsole ||
      !config_.log_to_console) {
    return false;
  }
  add_problem(
      sink.where,
      "the name \"console\" is that of the sink which log_to_console starts; "
      "choose another, or set log_to_console = false");
  return true;
}

bool Builder::has(std::string_view type) const noexcept {
  return std::any_of(built_.begin(), built_.end(),
                     [&](const BuiltSink& sink) { return sink.type == type; });
}

void Builder::add_console() {
  const bool only_resort = built_.empty() && !problems_->empty();
  if (has(kConsole)) return;
  if (!only_resort && !config_.log_to_console) return;
  // What goes to the journal as fields need not go there again as text.
  if (!only_resort && has("journald") && is_stderr_journal()) return;
  SinkConfig console;
  console.name = console.type = kConsole;
  console.level = config_.level;
  console.origin = "log_to_console";
  SinkType type;
  BuiltSink built{
      console.name, console.type, console.level, {}, {}, console.origin, {}};
  if (find_sink_type(kConsole, &type).ok() && make(console, type, &built)) {
    built_.insert(built_.begin(), std::move(built));
  }
}

void Builder::warn_of_silence() {
  if (!problems_->empty()) return;
  add_problem({1, 1}, "there is no sink: every event is lost", true);
}

}  // namespace

std::vector<BuiltSink> build_sinks(const Config& config, Clock* clock,
                                   std::vector<Problem>* problems) {
  return Builder(config, clock, problems).build();
}

}  // namespace stogger
