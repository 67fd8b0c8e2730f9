#include "base/options.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/number.h"
#include "base/quote.h"
#include "stogger/sink.h"

namespace stogger {
namespace {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// A list or a table that was read. The items of a list have no names.
struct OptionTexts {
  std::string key;
  NamedTexts items;
};

std::string as_text(std::int64_t number) {
  Buffer buffer;
  append_integer(buffer, number);
  return std::string(buffer.view());
}

std::string as_text(double number) {
  Buffer buffer;
  append_real(buffer, number);
  return std::string(buffer.view());
}

bool is_table_of(const Value& value) {
  return value.kind() == Kind::json && value.text().starts_with('{');
}

// What a value is, in the words of someone who writes a configuration.
std::string_view describe_kind(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return "nothing";
    case Kind::boolean:
      return "a boolean";
    case Kind::integer:
    case Kind::unsigned_integer:
      return "an integer";
    case Kind::real:
      return "a number with a fraction";
    case Kind::text:
      return "text";
    case Kind::time:
      return "a date or time";
    case Kind::json:
      return is_table_of(value) ? "a table" : "a list";
    case Kind::custom:
      return "an object";
  }
  return "something unknown";
}

// `at least 1`, `at most 9` or `between 1 and 9`.
template <class Number>
std::string describe_range(Number least, Number most, Number lowest,
                           Number highest) {
  if (most == highest) return "at least " + as_text(least);
  if (least == lowest) return "at most " + as_text(most);
  return "between " + as_text(least) + " and " + as_text(most);
}

// Of a list or a table, its items.
bool read_texts(std::string_view json, bool table, NamedTexts* texts) {
  const auto all = nlohmann::ordered_json::parse(json, nullptr, false);
  if (table ? !all.is_object() : !all.is_array()) return false;
  for (const auto& [key, item] : all.items()) {
    if (!item.is_string()) return false;
    texts->emplace_back(table ? key : std::string(), item.get<std::string>());
  }
  return true;
}

}  // namespace

struct Options::Rep {
  std::string type;
  Fields given;
  std::vector<std::string> known;  // the keys that were asked for
  std::vector<OptionTexts> lists;  // and tables, those read so far
  std::vector<UsedOption> used;
  std::vector<OptionProblem> problems;
  std::vector<OptionProblem> warnings;
  std::string table;
  std::vector<std::string> other_keys;
  std::string identifier;
  std::string sink_name;
  Clock* clock = Clock::real();
  bool for_samples = false;
  bool finished = false;

  // Null if the option is absent, or given as null.
  const Value* find(std::string_view key);
  // Remembers what the factory gets for a key.
  void note_used(std::string_view key, const Value& value);
  void add_problem(std::string_view key, std::string_view what);
  void wrong_kind(std::string_view key, std::string_view wanted,
                  const Value& value);
  const NamedTexts& texts(std::string_view key, bool as_table);
  void find_unknown();
  std::string describe_unknown(std::string_view key) const;
};

const Value* Options::Rep::find(std::string_view key) {
  if (std::find(known.begin(), known.end(), key) == known.end()) {
    known.emplace_back(key);
  }
  // As with the fields of an event, the last of the same name wins.
  for (std::size_t i = given.size(); i > 0; --i) {
    if (given[i - 1].key != key) continue;
    return given[i - 1].value.is_null() ? nullptr : &given[i - 1].value;
  }
  return nullptr;
}

void Options::Rep::note_used(std::string_view key, const Value& value) {
  for (const UsedOption& option : used) {
    if (option.key == key) return;
  }
  used.push_back({std::string(key), OwnedValue(value)});
}

void Options::Rep::add_problem(std::string_view key, std::string_view what) {
  OptionProblem problem{std::string(key), std::string(what)};
  // An option that is read twice is wrong only once.
  for (const OptionProblem& other : problems) {
    if (other.key == problem.key && other.text == problem.text) return;
  }
  problems.push_back(std::move(problem));
}

void Options::Rep::wrong_kind(std::string_view key, std::string_view wanted,
                              const Value& value) {
  add_problem(key, quoted(key) + " must be " + std::string(wanted) + ", not " +
                       std::string(describe_kind(value)));
}

const NamedTexts& Options::Rep::texts(std::string_view key, bool as_table) {
  for (const OptionTexts& list : lists) {
    if (list.key == key) return list.items;
  }
  const std::string wanted = as_table ? "a table of texts" : "a list of texts";
  OptionTexts list{std::string(key), {}};
  if (const Value* value = find(key); value != nullptr) {
    if (value->kind() != Kind::json) {
      wrong_kind(key, wanted, *value);
    } else if (!read_texts(value->text(), as_table, &list.items)) {
      list.items.clear();
      add_problem(key, quoted(key) + " must be " + wanted + " only");
    } else {
      note_used(key, *value);
    }
  }
  lists.push_back(std::move(list));
  return lists.back().items;
}

std::string Options::Rep::describe_unknown(std::string_view key) const {
  std::vector<std::string> candidates = known;
  candidates.insert(candidates.end(), other_keys.begin(), other_keys.end());
  const std::string hint = did_you_mean(key, candidates);
  if (table.empty()) return "unknown option " + quoted(key) + hint;
  return "unknown key " + quoted(key) + " in [" + table + "]" + hint;
}

void Options::Rep::find_unknown() {
  if (finished) return;
  finished = true;
  for (const Field& option : given) {
    if (std::find(known.begin(), known.end(), option.key) == known.end()) {
      add_problem(option.key, describe_unknown(option.key));
    }
  }
}

Options::Options(std::string_view type, Fields options) {
  auto rep = std::make_unique<Rep>();
  rep->type = type;
  rep->given = options;
  rep_ = rep.release();
}

Options::~Options() { delete rep_; }

bool Options::has(std::string_view key) { return rep_->find(key) != nullptr; }

std::string_view Options::text(std::string_view key,
                               std::string_view fallback) {
  const Value* value = rep_->find(key);
  if (value != nullptr && value->kind() != Kind::text) {
    rep_->wrong_kind(key, "text", *value);
    return fallback;
  }
  const std::string_view text = value == nullptr ? fallback : value->text();
  // It would end the text early for most targets.
  if (text.find('\0') != std::string_view::npos) {
    problem(key, "must not contain a NUL character");
    return fallback;
  }
  rep_->note_used(key, text);
  return text;
}

std::string_view Options::required(std::string_view key) {
  const Value* value = rep_->find(key);
  if (value == nullptr) {
    problem(key, "is required");
    return {};
  }
  if (value->kind() == Kind::text && value->text().empty()) {
    problem(key, "must not be empty");
    return {};
  }
  return text(key);
}

bool Options::boolean(std::string_view key, bool fallback) {
  const Value* value = rep_->find(key);
  if (value != nullptr && value->kind() != Kind::boolean) {
    rep_->wrong_kind(key, "true or false", *value);
    return fallback;
  }
  const bool boolean = value == nullptr ? fallback : value->boolean();
  rep_->note_used(key, boolean);
  return boolean;
}

std::int64_t Options::integer(std::string_view key, std::int64_t fallback,
                              std::int64_t least, std::int64_t most) {
  const Value* value = rep_->find(key);
  if (value == nullptr) {
    rep_->note_used(key, fallback);
    return fallback;
  }
  if (value->kind() == Kind::unsigned_integer) {
    problem(key, "must be at most " + as_text(most));
    return fallback;
  }
  if (value->kind() != Kind::integer) {
    rep_->wrong_kind(key, "an integer", *value);
    return fallback;
  }
  const std::int64_t number = value->integer();
  if (number < least || number > most) {
    problem(key, "must be " +
                     describe_range<std::int64_t>(least, most, INT64_MIN,
                                                  INT64_MAX) +
                     ", not " + as_text(number));
    return fallback;
  }
  rep_->note_used(key, number);
  return number;
}

double Options::real(std::string_view key, double fallback, double least,
                     double most) {
  const Value* value = rep_->find(key);
  double number = fallback;
  if (value == nullptr) {
    rep_->note_used(key, fallback);
    return fallback;
  }
  if (value->kind() == Kind::real) {
    number = value->real();
  } else if (value->kind() == Kind::integer) {
    number = static_cast<double>(value->integer());
  } else if (value->kind() == Kind::unsigned_integer) {
    number = static_cast<double>(value->unsigned_integer());
  } else {
    rep_->wrong_kind(key, "a number", *value);
    return fallback;
  }
  if (std::isnan(number) || number < least || number > most) {
    problem(key, "must be " + describe_range(least, most, -HUGE_VAL, HUGE_VAL) +
                     ", not " + as_text(number));
    return fallback;
  }
  rep_->note_used(key, number);
  return number;
}

std::string_view Options::choice(std::string_view key,
                                 std::initializer_list<std::string_view> names,
                                 std::string_view fallback) {
  const auto* const known = std::find(names.begin(), names.end(), fallback);
  const std::size_t index = OptionsAccess::choice(
      *this, key, std::vector<std::string>(names.begin(), names.end()),
      static_cast<std::size_t>(known - names.begin()));
  return index < names.size() ? names.begin()[index] : fallback;
}

std::size_t Options::list_size(std::string_view key) {
  return rep_->texts(key, false).size();
}

std::string_view Options::list_item(std::string_view key, std::size_t index) {
  const NamedTexts& items = rep_->texts(key, false);
  return index < items.size() ? items[index].second : std::string_view();
}

bool Options::table_item(std::string_view key, std::size_t index,
                         std::string_view* name, std::string_view* text) {
  const NamedTexts& items = rep_->texts(key, true);
  if (index >= items.size()) return false;
  *name = items[index].first;
  *text = items[index].second;
  return true;
}

void Options::problem(std::string_view key, std::string_view what) {
  rep_->add_problem(key, quoted(key) + " " + std::string(what));
}

void Options::warning(std::string_view key, std::string_view what) {
  rep_->warnings.push_back(
      {std::string(key), quoted(key) + " " + std::string(what)});
}

std::string_view Options::identifier() const noexcept {
  return rep_->identifier;
}

std::string_view Options::sink_name() const noexcept { return rep_->sink_name; }

Clock* Options::clock() const noexcept { return rep_->clock; }

bool Options::for_samples() const noexcept { return rep_->for_samples; }

Status Options::finish() {
  rep_->find_unknown();
  if (rep_->problems.empty()) return {};
  return Status(Code::invalid,
                rep_->type + " sink: " + rep_->problems.front().text);
}

bool Options::has_problem(std::string_view key) const noexcept {
  return std::any_of(
      rep_->problems.begin(), rep_->problems.end(),
      [&](const OptionProblem& problem) { return problem.key == key; });
}

void OptionsAccess::set_table(Options& options, std::string table,
                              std::vector<std::string> other_keys) {
  options.rep_->table = std::move(table);
  options.rep_->other_keys = std::move(other_keys);
}

void OptionsAccess::set_identifier(Options& options,
                                   std::string_view identifier) {
  options.rep_->identifier = identifier;
}

void OptionsAccess::set_sink_name(Options& options, std::string_view name) {
  options.rep_->sink_name = name;
}

void OptionsAccess::set_clock(Options& options, Clock* clock) noexcept {
  options.rep_->clock = clock == nullptr ? Clock::real() : clock;
}

void OptionsAccess::set_for_samples(Options& options) noexcept {
  options.rep_->for_samples = true;
}

const std::vector<OptionProblem>& OptionsAccess::problems(
    const Options& options) noexcept {
  return options.rep_->problems;
}

const std::vector<UsedOption>& OptionsAccess::used(
    const Options& options) noexcept {
  return options.rep_->used;
}

const std::vector<std::string>& OptionsAccess::known(
    const Options& options) noexcept {
  return options.rep_->known;
}

const std::vector<OptionProblem>& OptionsAccess::warnings(
    const Options& options) noexcept {
  return options.rep_->warnings;
}

void OptionsAccess::take_all(Options& options) {
  for (const Field& option : options.rep_->given) {
    if (const Value* value = options.rep_->find(option.key); value != nullptr) {
      options.rep_->note_used(option.key, *value);
    }
  }
}

std::size_t OptionsAccess::choice(Options& options, std::string_view key,
                                  const std::vector<std::string>& names,
                                  std::size_t fallback) {
  const Value* value = options.rep_->find(key);
  if (value != nullptr && value->kind() != Kind::text) {
    options.rep_->wrong_kind(key, quoted_list(names), *value);
    return fallback;
  }
  std::size_t index = fallback;
  if (value != nullptr) {
    const auto found = std::find(names.begin(), names.end(), value->text());
    if (found == names.end()) {
      options.problem(key, "must be " + quoted_list(names) + ", not " +
                               quoted(value->text()) +
                               did_you_mean(value->text(), names));
      return fallback;
    }
    index = static_cast<std::size_t>(found - names.begin());
  }
  if (index < names.size()) options.rep_->note_used(key, names[index]);
  return index;
}

bool OptionsAccess::is_table(Options& options, std::string_view key) {
  const Value* value = options.rep_->find(key);
  return value != nullptr && is_table_of(*value);
}

}  // namespace stogger
