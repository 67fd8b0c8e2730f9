#include "config/guard.h"

#include <algorithm>
#include <cstddef>

namespace stogger {
namespace {

constexpr int kMostDots = 32;
constexpr int kMostBrackets = 32;

constexpr bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

// Skips strings and comments as TOML has them. What is no TOML may fool it, but
// the parser stops there too.
class Scanner {
 public:
  explicit Scanner(std::string_view toml) noexcept : rest_(toml) {}

  // What is wrong at where(); null if nothing is.
  const char* scan() noexcept {
    while (!rest_.empty()) {
      if (const char* wrong = step()) return wrong;
    }
    return nullptr;
  }

  Position where() const noexcept { return {line_, column_}; }

 private:
  const char* step() noexcept {
    const char c = rest_.front();
    switch (c) {
      case '"':
      case '\'':
        skip_string(c);
        return nullptr;
      case '#':
        skip(std::min(rest_.find('\n'), rest_.size()));
        return nullptr;
      case '.':
        ++dots_;
        break;
      case '[':
      case '{':
        ++brackets_;
        dots_ = 0;
        break;
      case ']':
      case '}':
        brackets_ = std::max(brackets_ - 1, 0);
        dots_ = 0;
        break;
      case '=':
      case ',':
      case '\n':
        dots_ = 0;
        break;
      default:
        break;
    }
    skip(1);
    return dots_ > kMostDots || brackets_ > kMostBrackets
               ? "tables or lists are nested too deeply"
               : nullptr;
  }

  void skip(std::size_t count) noexcept {
    for (const char c : rest_.substr(0, count)) {
      // The bytes of a character but its first have no column of their own.
      if (c == '\n') {
        ++line_;
        column_ = 1;
      } else if ((c & '\xC0') != '\x80') {
        ++column_;
      }
    }
    rest_.remove_prefix(count);
  }

  void skip_string(char quote) noexcept {
    const char three[] = {quote, quote, quote};
    const std::string_view delimiter(three, 3);
    if (rest_.starts_with(delimiter)) {
      skip(delimiter.size());
      skip_past(quote, delimiter);
      // Up to two more quotes at the end belong to the text.
      for (int i = 0; i < 2 && rest_.starts_with(quote); ++i) skip(1);
    } else {
      skip(1);
      skip_past(quote, delimiter.substr(0, 1));
    }
  }

  void skip_past(char quote, std::string_view delimiter) noexcept {
    while (!rest_.empty() && !rest_.starts_with(delimiter)) {
      // A string of one line that is not closed ends the parser.
      if (delimiter.size() == 1 && rest_.front() == '\n') return;
      const bool escape = quote == '"' && rest_.front() == '\\';
      skip(std::min<std::size_t>(escape ? 2 : 1, rest_.size()));
    }
    skip(std::min(delimiter.size(), rest_.size()));
  }

  std::string_view rest_;
  int line_ = 1;
  int column_ = 1;
  int dots_ = 0;
  int brackets_ = 0;
};

}  // namespace

bool is_safe_to_parse(std::string_view toml, Problem* problem) {
  const auto control = std::find_if(toml.begin(), toml.end(), is_control);
  Scanner scanner(std::string_view(toml.begin(), control));
  const char* wrong = scanner.scan();
  if (wrong == nullptr && control != toml.end()) {
    wrong = "a control character, which TOML does not have";
  }
  if (wrong == nullptr) return true;
  problem->where = scanner.where();
  problem->text = wrong;
  return false;
}

}  // namespace stogger
