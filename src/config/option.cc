#include "config/option.h"

#include <cstddef>

#include "base/buffer.h"
#include "base/json.h"
#include "base/names.h"
#include "base/quote.h"
#include "base/scrub.h"
#include "config/expand.h"
#include "config/toml_text.h"

namespace stogger {
namespace {

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
  const std::vector<std::string>& secrets() const { return secrets_; }

 private:
  void write_scalar(const Value& value) {
    append_json_value(json_, value);
    shown_ += toml_value(value);
  }

  void write_text(std::string_view key, const std::string& text) {
    const Expanded expanded = expand_variables(text);
    if (!expanded.error.empty() && why_->empty()) *why_ = expanded.error;
    secrets_.insert(secrets_.end(), expanded.secrets.begin(),
                    expanded.secrets.end());
    text_ = expanded.error.empty() ? expanded.text : text;
    append_json_string(json_, text_);
    shown_ += show_text(key, expanded.shown);
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
      write(is_table ? std::string_view(member.key) : key, member.node);
    }
    json_.push_back(end);
    shown_ += end;
  }

  std::string* why_;
  Buffer json_;
  std::string shown_;
  std::string text_;  // the last one
  std::vector<std::string> secrets_;
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

void hide(std::string& text, const std::string& secret) {
  // So short a text is no secret, and would be found everywhere.
  if (secret.size() < 3) return;
  for (std::size_t at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + kRedacted.size())) {
    text.replace(at, secret.size(), kRedacted);
  }
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

}  // namespace

bool read_option(const Member& member, OwnedOption* option, std::string* why) {
  why->clear();
  NodeWriter writer(why);
  writer.write(member.key, member.node);
  option->key = member.key;
  option->where = member.where;
  option->value = value_of(member.node, writer);
  option->shown = writer.shown();
  option->secrets = writer.secrets();
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

std::string wrong_level(std::string_view name) {
  return "must be " + quoted_list(level_names()) + ", not " + quoted(name) +
         did_you_mean(name, level_names());
}

std::string show_text(std::string_view key, std::string_view text) {
  // A DSN may have its password in more ways than are known, malformed ones
  // included.
  if (names_secret(key) || key == "dsn" || key.ends_with("_dsn")) {
    return toml_string(kRedacted);
  }
  return toml_string(hide_secrets(text));
}

std::string hide_secrets(const std::vector<OwnedOption>& options,
                         std::string_view text) {
  std::string shown(text);
  for (const OwnedOption& option : options) {
    for (const std::string& secret : option.secrets) {
      hide(shown, secret);
      // As it looks in quotes, where a long one is cut.
      const std::string in_quotes = quoted(secret);
      const std::size_t cut = in_quotes.ends_with("...\"") ? 4 : 1;
      hide(shown, in_quotes.substr(1, in_quotes.size() - 1 - cut));
    }
  }
  return shown;
}

bool add_problems(const Options& options, const std::vector<OwnedOption>& given,
                  Position fallback, const std::string& file,
                  std::vector<Problem>* problems) {
  for (std::size_t i = 0; i < options.problem_count(); ++i) {
    const OwnedOption* option = find_option(given, options.problem_key(i));
    problems->push_back({file, option == nullptr ? fallback : option->where,
                         hide_secrets(given, options.problem_text(i)), false});
  }
  for (const OptionProblem& warning : OptionsAccess::warnings(options)) {
    const OwnedOption* option = find_option(given, warning.key);
    problems->push_back({file, option == nullptr ? fallback : option->where,
                         hide_secrets(given, warning.text), true});
  }
  return options.problem_count() != 0;
}

}  // namespace stogger
