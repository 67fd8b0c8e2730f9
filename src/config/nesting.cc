#include "config/nesting.h"

#include <algorithm>
#include <cstddef>

namespace stogger {
namespace {

constexpr int kMostDots = 32;
constexpr int kMostBrackets = 32;

// Skips strings and comments as TOML has them. What is no TOML may fool it, but
// the parser stops there too.
class Scanner {
 public:
  explicit Scanner(std::string_view toml) noexcept : rest_(toml) {}

  bool scan() noexcept {
    while (!rest_.empty()) {
      if (!step()) return false;
    }
    return true;
  }

  Position where() const noexcept { return {line_, 0}; }

 private:
  bool step() noexcept {
    const char c = rest_.front();
    switch (c) {
      case '"':
      case '\'':
        skip_string(c);
        return true;
      case '#':
        skip(std::min(rest_.find('\n'), rest_.size()));
        return true;
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
    return dots_ <= kMostDots && brackets_ <= kMostBrackets;
  }

  void skip(std::size_t count) noexcept {
    line_ += static_cast<int>(
        std::count(rest_.begin(),
                   rest_.begin() + static_cast<std::ptrdiff_t>(count), '\n'));
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
  int dots_ = 0;
  int brackets_ = 0;
};

}  // namespace

bool is_nesting_sane(std::string_view toml, Position* where) noexcept {
  Scanner scanner(toml);
  const bool sane = scanner.scan();
  if (!sane) *where = scanner.where();
  return sane;
}

}  // namespace stogger
