#include "sinks/postgres/dsn.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace stogger {
namespace {

constexpr std::string_view kPlaceholder = "%PASSWORD%";
constexpr char kPasswordVariable[] = "STOGGER_POSTGRES_PASSWORD";
constexpr std::string_view kLoadBalance = "load_balance_hosts";
constexpr std::string_view kSpaces = " \t\n\r\v\f";

bool is_space(char c) noexcept {
  return kSpaces.find(c) != std::string_view::npos;
}

bool is_url(std::string_view dsn) noexcept {
  return dsn.starts_with("postgresql://") || dsn.starts_with("postgres://");
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                          c == '.' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += "0123456789ABCDEF"[byte >> 4];
      encoded += "0123456789ABCDEF"[byte & 15];
    }
  }
  return encoded;
}

// Good inside quotes and outside.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'' || c == '\\' || is_space(c)) result += '\\';
    result += c;
  }
  return result;
}

// A list of keyword=value, one after the other, as libpq reads it.
class Settings {
 public:
  explicit Settings(std::string_view text) noexcept : text_(text) {}

  // False at the end, or where the text is none that libpq takes.
  bool next() {
    skip_spaces();
    begin_ = at_;
    while (at_ < text_.size() && text_[at_] != '=' && !is_space(text_[at_])) {
      ++at_;
    }
    keyword_ = text_.substr(begin_, at_ - begin_);
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != '=') return false;
    ++at_;
    skip_spaces();
    read_value();
    return true;
  }
  std::string_view keyword() const noexcept { return keyword_; }
  const std::string& value() const noexcept { return value_; }
  std::size_t begin() const noexcept { return begin_; }
  std::size_t end() const noexcept { return at_; }

 private:
  void skip_spaces() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  void read_value() {
    value_.clear();
    const bool is_quoted = at_ < text_.size() && text_[at_] == '\'';
    if (is_quoted) ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_quoted ? c == '\'' : is_space(c)) break;
      if (c == '\\') ++at_;
      if (at_ < text_.size()) value_ += text_[at_++];
    }
    if (is_quoted && at_ < text_.size()) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::string_view keyword_;
  std::string value_;
};

// The setting load_balance_hosts, taken out of the text; empty if it is not
// there.
std::string take_load_balance(std::string* dsn) {
  std::string value;
  if (!is_url(*dsn)) {
    for (Settings settings(*dsn); settings.next();) {
      if (settings.keyword() != kLoadBalance) continue;
      value = settings.value();
      dsn->erase(settings.begin(), settings.end() - settings.begin());
      break;
    }
    return value;
  }
  const std::size_t query = dsn->find('?');
  if (query == std::string::npos) return value;
  for (std::size_t at = query + 1; at < dsn->size();) {
    const std::size_t end = std::min(dsn->find('&', at), dsn->size());
    const std::string_view item = std::string_view(*dsn).substr(at, end - at);
    if (item.starts_with(kLoadBalance) && item.size() > kLoadBalance.size() &&
        item[kLoadBalance.size()] == '=') {
      value = item.substr(kLoadBalance.size() + 1);
      // With the separator before or after it.
      if (end < dsn->size()) {
        dsn->erase(at, end + 1 - at);
      } else {
        dsn->erase(at - 1);
      }
      break;
    }
    at = end + 1;
  }
  return value;
}

Status malformed() {
  return Status(Code::invalid,
                "is not a valid connection string (its text is not shown; see "
                "PostgreSQL's documentation on connection strings)");
}

// A password with an @ or a slash that is not encoded would be taken for part
// of the name of the host, and shown.
bool is_ambiguous(std::string_view url) noexcept {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find('?'));
  const std::size_t at = url.rfind('@');
  return at != std::string_view::npos &&
         (url.find('@') != at || url.find('/') < at);
}

using OptionsPtr = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

}  // namespace

std::string_view find_parameter(const PostgresParameters& parameters,
                                std::string_view keyword) noexcept {
  for (const auto& [known, value] : parameters) {
    if (known == keyword) return value;
  }
  return {};
}

std::string take_parameter(PostgresParameters* parameters,
                           std::string_view keyword) {
  std::string taken;
  std::erase_if(*parameters, [&](const auto& parameter) {
    if (parameter.first != keyword) return false;
    taken = parameter.second;
    return true;
  });
  return taken;
}

void wipe(std::string* text) noexcept {
  // What is beyond its size may be what it held before.
  text->resize(text->capacity());
  ::explicit_bzero(text->data(), text->size());
  text->clear();
}

Status put_password_in(PasswordForm form, std::string* text) {
  std::size_t at = text->find(kPlaceholder);
  if (at == std::string::npos) return {};
  const char* const variable = ::secure_getenv(kPasswordVariable);
  const bool is_set = variable != nullptr && variable[0] != '\0';
  std::string password = is_set ? variable : "unset";
  if (form == PasswordForm::dsn) {
    password = is_url(*text) ? percent_encoded(password) : escaped(password);
  }
  for (; at != std::string::npos;
       at = text->find(kPlaceholder, at + password.size())) {
    text->replace(at, kPlaceholder.size(), password);
  }
  wipe(&password);
  if (is_set) return {};
  return Status(Code::invalid,
                "has %PASSWORD%, but the environment variable "
                "STOGGER_POSTGRES_PASSWORD, which is to replace it, is not set "
                "or empty");
}

Status parse_dsn(const std::string& dsn, PostgresParameters* parameters) {
  if (is_url(dsn) && is_ambiguous(dsn)) {
    return Status(Code::invalid,
                  "is not clear: in a URL, an @ or a slash within the password "
                  "or the user has to be written as %40 or %2F (its text is "
                  "not shown)");
  }
  std::string text = dsn;
  const std::string load_balance = take_load_balance(&text);
  char* error = nullptr;
  const OptionsPtr options(PQconninfoParse(text.c_str(), &error),
                           &PQconninfoFree);
  // It may quote part of the password.
  PQfreemem(error);
  wipe(&text);
  if (options == nullptr) return malformed();
  for (const PQconninfoOption* option = options.get();
       option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    parameters->emplace_back(option->keyword, option->val);
    ::explicit_bzero(option->val, std::strlen(option->val));
  }
  if (!load_balance.empty()) {
    parameters->emplace_back(kLoadBalance, load_balance);
  }
  return {};
}

}  // namespace stogger
