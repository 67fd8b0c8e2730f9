// class Options inside a module: every method asks the host, which knows what
// was given, what is right, and how to tell what is not. One that a module
// makes by itself has nothing given.
#include "base/options.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/module_text.h"
#include "stogger/module.h"
#include "stogger/sink.h"

namespace stogger {
namespace {

// Calls a method of the host, if there is one.
template <class Method, class Result, class... Arguments>
Result ask(const stogger_options* host, Method method, Result otherwise,
           Arguments... arguments) {
  if (host == nullptr) return otherwise;
  return (host->*method)(host->context, arguments...);
}

}  // namespace

struct Options::Rep {
  const stogger_options* host = nullptr;
  std::string identifier;
  std::string sink_name;
  Clock* clock = Clock::real();
  bool for_samples = false;
};

Options::Options(std::string_view, Fields) : rep_(new Rep) {}

Options::~Options() { delete rep_; }

bool Options::has(std::string_view key) {
  return ask(rep_->host, &stogger_options::has, 0, as_module_text(key)) != 0;
}

std::string_view Options::text(std::string_view key,
                               std::string_view fallback) {
  return text_of_host(ask(rep_->host, &stogger_options::text,
                          as_module_text(fallback), as_module_text(key),
                          as_module_text(fallback)));
}

std::string_view Options::required(std::string_view key) {
  return text_of_host(ask(rep_->host, &stogger_options::required,
                          stogger_text{}, as_module_text(key)));
}

bool Options::boolean(std::string_view key, bool fallback) {
  const int value = fallback ? 1 : 0;
  return ask(rep_->host, &stogger_options::boolean, value, as_module_text(key),
             value) != 0;
}

std::int64_t Options::integer(std::string_view key, std::int64_t fallback,
                              std::int64_t least, std::int64_t most) {
  return ask(rep_->host, &stogger_options::integer, fallback,
             as_module_text(key), fallback, least, most);
}

double Options::real(std::string_view key, double fallback, double least,
                     double most) {
  return ask(rep_->host, &stogger_options::real, fallback, as_module_text(key),
             fallback, least, most);
}

std::string_view Options::choice(std::string_view key,
                                 std::initializer_list<std::string_view> names,
                                 std::string_view fallback) {
  std::vector<stogger_text> texts;
  for (const std::string_view name : names) {
    texts.push_back(as_module_text(name));
  }
  const auto* const known = std::find(names.begin(), names.end(), fallback);
  const auto none = static_cast<std::size_t>(known - names.begin());
  const std::size_t index =
      ask(rep_->host, &stogger_options::choice, none, as_module_text(key),
          static_cast<const stogger_text*>(texts.data()), texts.size(), none);
  return index < names.size() ? names.begin()[index] : fallback;
}

std::size_t Options::list_size(std::string_view key) {
  return ask(rep_->host, &stogger_options::list_size, std::size_t{0},
             as_module_text(key));
}

std::string_view Options::list_item(std::string_view key, std::size_t index) {
  return text_of_host(ask(rep_->host, &stogger_options::list_item,
                          stogger_text{}, as_module_text(key), index));
}

bool Options::table_item(std::string_view key, std::size_t index,
                         std::string_view* name, std::string_view* text) {
  const stogger_options* const host = rep_->host;
  // One of the first version says that the key is unknown.
  const bool is_known = host != nullptr &&
                        host->size >= offsetof(stogger_options, table_item) +
                                          sizeof host->table_item &&
                        host->table_item != nullptr;
  stogger_text found[2] = {};
  if (!is_known || host->table_item(host->context, as_module_text(key), index,
                                    &found[0], &found[1]) == 0) {
    return false;
  }
  *name = text_of_host(found[0]);
  *text = text_of_host(found[1]);
  return true;
}

void Options::problem(std::string_view key, std::string_view what) {
  if (rep_->host == nullptr) return;
  rep_->host->problem(rep_->host->context, as_module_text(key),
                      as_module_text(what));
}

void Options::warning(std::string_view key, std::string_view what) {
  if (rep_->host == nullptr) return;
  rep_->host->warning(rep_->host->context, as_module_text(key),
                      as_module_text(what));
}

std::string_view Options::identifier() const noexcept {
  return rep_->identifier;
}

std::string_view Options::sink_name() const noexcept { return rep_->sink_name; }

Clock* Options::clock() const noexcept { return rep_->clock; }

bool Options::for_samples() const noexcept { return rep_->for_samples; }

Status Options::finish() {
  return module_status([&](stogger_message* message) {
    return ask(rep_->host, &stogger_options::finish, stogger_code{0}, message);
  });
}

bool Options::has_problem(std::string_view key) const noexcept {
  return ask(rep_->host, &stogger_options::has_problem, 0,
             as_module_text(key)) != 0;
}

void OptionsAccess::attach(Options& options,
                           const stogger_options* host) noexcept {
  options.rep_->host = host;
  options.rep_->identifier = text_of_host(host->identifier);
  options.rep_->sink_name = text_of_host(host->sink_name);
  options.rep_->for_samples = host->for_samples != 0;
}

}  // namespace stogger
