#include "config/option.h"

#include <cstddef>

#include "base/buffer.h"
#include "base/json.h"
#include "base/names.h"
#include "base/options.h"
#include "base/quote.h"
#include "base/scrub.h"
#include "config/expand.h"
#include "config/toml_text.h"
#include "filter/level_rules.h"
#include "os/path_option.h"

namespace stogger {
namespace {

// Whether a secret stands in the file itself.
bool has_clear_secret(std::string_view key, const std::string& literal) {
  if (hide_secrets(literal) != literal) return true;
  if (!tells_of_secret(key) || key.ends_with("dsn")) return false;
  // A path is that of a file with the secret.
  return !literal.empty() && !literal.starts_with('/') &&
         literal.find("%PASSWORD%") == std::string::npos;
}

// Writes a node twice: as JSON for the sink, as TOML for people. Expands the
// variables on the way.
class NodeWriter {
 public:
  explicit NodeWriter(std::string* why) : why_(why) {}

  void write(std::string_view key, const Node& node) {
    switch (node.type) {
      case Node::Type::boolean:
        return write_scalar(node.boolean);
      case Node::Type::integer:
        return write_scalar(node.integer);
      case Node::Type::real:
        return write_scalar(node.real);
      case Node::Type::text:
        return write_text(key, node.text);
      case Node::Type::time:
        append_json_string(json_, node.text);
        shown_ += node.text;
        return;
      case Node::Type::list:
        return write_members(key, node, '[', ']');
      case Node::Type::table:
        return write_members(key, node, '{', '}');
    }
  }

  std::string json() const { return std::string(json_.view()); }
  const std::string& shown() const { return shown_; }
  const std::string& text() const { return text_; }
  const std::vector<HiddenValue>& hidden() const { return hidden_; }
  bool clear_secret() const { return clear_secret_; }

 private:
  void write_scalar(const Value& value) {
    append_json_value(json_, value);
    shown_ += toml_value(value);
  }

  void write_text(std::string_view key, const std::string& text) {
    const Expanded expanded = expand_variables(text);
    if (!expanded.error.empty() && why_->empty()) *why_ = expanded.error;
    hidden_.insert(hidden_.end(), expanded.hidden.begin(),
                   expanded.hidden.end());
    // What looks like a secret in a pattern is none.
    const bool is_pattern = key == "redact_values";
    clear_secret_ = clear_secret_ ||
                    (!is_pattern && has_clear_secret(key, expanded.literal));
    text_ = expanded.error.empty() ? expanded.text : text;
    append_json_string(json_, text_);
    shown_ += is_pattern ? toml_string(expanded.shown)
                         : show_text(key, expanded.shown);
  }

  void write_members(std::string_view key, const Node& node, char begin,
                     char end) {
    const bool is_table = node.type == Node::Type::table;
    json_.push_back(begin);
    shown_ += begin;
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      const Member& member = node.members[i];
      if (i != 0) {
        json_.push_back(',');
        shown_ += ", ";
      }
      if (is_table) {
        append_json_string(json_, member.key);
        json_.push_back(':');
        shown_ += toml_key(member.key) + " = ";
      }
      // The members of `columns` are types, whatever the names suggest.
      const bool is_named = is_table && key != "columns";
      write(is_named ? std::string_view(member.key) : key, member.node);
    }
    json_.push_back(end);
    shown_ += end;
  }

  std::string* why_;
  Buffer json_;
  std::string shown_;
  std::string text_;  // the last one
  std::vector<HiddenValue> hidden_;
  bool clear_secret_ = false;
};

OwnedValue value_of(const Node& node, const NodeWriter& written) {
  switch (node.type) {
    case Node::Type::boolean:
      return OwnedValue(node.boolean);
    case Node::Type::integer:
      return OwnedValue(node.integer);
    case Node::Type::real:
      return OwnedValue(node.real);
    case Node::Type::text:
      return OwnedValue(written.text());
    case Node::Type::time:
      // No option is a time; that it was one is all that a message needs.
      return OwnedValue(Time{});
    case Node::Type::list:
    case Node::Type::table:
      break;
  }
  return OwnedValue(Json{written.json()});
}

// It begins with the key of the option, which may have another one in the file.
std::string text_of(const OptionProblem& problem, const OwnedOption* option) {
  const std::string key = quoted(problem.key);
  if (option == nullptr || option->given_as.empty() ||
      !problem.text.starts_with(key)) {
    return problem.text;
  }
  return quoted(option->given_as) + problem.text.substr(key.size());
}

}  // namespace

bool read_option(const Member& member, OwnedOption* option, std::string* why) {
  why->clear();
  NodeWriter writer(why);
  writer.write(member.key, member.node);
  option->key = member.key;
  option->where = member.where;
  option->value = value_of(member.node, writer);
  option->shown = writer.shown();
  option->hidden = writer.hidden();
  option->has_clear_secret = writer.clear_secret();
  return why->empty();
}

std::vector<Field> as_fields(const std::vector<OwnedOption>& options) {
  std::vector<Field> fields;
  for (const OwnedOption& option : options) {
    fields.emplace_back(option.key, option.value.view());
  }
  return fields;
}

const OwnedOption* find_option(const std::vector<OwnedOption>& options,
                               std::string_view key) noexcept {
  for (const OwnedOption& option : options) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

Level read_level(Options& options, Level fallback) {
  const std::string_view name = options.text("level", to_string(fallback));
  Level level = fallback;
  if (!parse_level(name, &level)) options.problem("level", wrong_level(name));
  return level;
}

DeadLetterFile read_dead_letter(Options& options) {
  const std::string path = read_path_option(options, "dead_letter");
  if (path.empty()) {
    if (options.has("dead_letter")) {
      options.problem("dead_letter", "must not be empty");
    }
    return {};
  }
  // The working folder may be another one when the file is needed.
  return {absolute_path(path), read_file_modes(options)};
}

std::string show_text(std::string_view key, std::string_view text) {
  // A DSN may have its password in more ways than are known, malformed ones
  // included. The name of a variable is no secret.
  const bool is_variable =
      text.starts_with("${") && text.find('}') == text.size() - 1;
  if (tells_of_secret(key) && !is_variable) return toml_string(kRedacted);
  return toml_string(hide_secrets(text));
}

std::vector<HiddenValue> hidden_in(const std::vector<OwnedOption>& options) {
  std::vector<HiddenValue> hidden;
  for (const OwnedOption& option : options) {
    hidden.insert(hidden.end(), option.hidden.begin(), option.hidden.end());
  }
  return hidden;
}

bool add_problems(const Options& options, const std::vector<OwnedOption>& given,
                  Position fallback, const std::string& file,
                  std::vector<Problem>* problems) {
  const std::vector<HiddenValue> hidden = hidden_in(given);
  const auto add = [&](const std::vector<OptionProblem>& found, bool warning) {
    for (const OptionProblem& problem : found) {
      const OwnedOption* option = find_option(given, problem.key);
      problems->push_back({file, option == nullptr ? fallback : option->where,
                           hide_values(hidden, text_of(problem, option)),
                           warning});
    }
  };
  add(OptionsAccess::problems(options), false);
  add(OptionsAccess::warnings(options), true);
  return !OptionsAccess::problems(options).empty();
}

}  // namespace stogger
