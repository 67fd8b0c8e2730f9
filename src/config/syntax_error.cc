#include "config/syntax_error.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/names.h"

namespace stogger {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kNone = std::string_view::npos;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_word_letter(char c) noexcept { return is_identifier({&c, 1}); }
bool is_of_bare_key(char c) noexcept {
  return is_word_letter(c) || is_digit(c) || c == '-' || c == '.';
}
bool is_beyond_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x80;
}

// What paths and variables begin with are no letters.
bool begins_word(std::string_view token) noexcept {
  const char c = token.front();
  return is_word_letter(c) || c == '/' || c == '~' || c == '$' ||
         (c == '.' && !(token.size() > 1 && is_digit(token[1]))) ||
         is_beyond_ascii(c);
}

bool begins_number(char c) noexcept {
  return is_digit(c) || c == '+' || c == '-' || c == '.';
}

bool is_known(std::string_view word) noexcept {
  return word == "true" || word == "false" || word == "inf" || word == "nan";
}

std::string_view without_blanks(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// The first bytes of characters have columns, the others have not.
std::size_t offset_of(std::string_view text, Position where) noexcept {
  std::size_t at = 0;
  for (int line = 1; line < where.line; ++line) {
    const std::size_t end = text.find('\n', at);
    if (end == kNone) return text.size();
    at = end + 1;
  }
  for (int column = 1; at < text.size() && text[at] != '\n'; ++at) {
    if ((text[at] & '\xC0') == '\x80') continue;
    if (column++ == where.column) break;
  }
  return at;
}

Position position_at(std::string_view text, std::size_t offset) noexcept {
  Position where = {1, 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++where.line;
      where.column = 1;
    } else if ((c & '\xC0') != '\x80') {
      ++where.column;
    }
  }
  return where;
}

// What is open where a parser stopped: it has understood all before.
class Place {
 public:
  Place(std::string_view toml, std::size_t end) noexcept
      : toml_(toml), end_(end) {
    std::size_t at = 0;
    while (at < end_) at = step(at);
  }

  std::size_t statement = kNone;  // where it begins
  std::size_t equals = kNone;     // that of the statement
  std::size_t value = kNone;      // or item that was begun last
  std::size_t string = kNone;     // that is open
  bool has_three_quotes = false;
  std::vector<std::size_t> brackets;  // that are open, without those of headers

 private:
  std::size_t step(std::size_t at) {
    const char c = toml_[at];
    if (c == '#') return std::min(toml_.find('\n', at), toml_.size());
    if (c == '\n' && brackets.empty()) {
      statement = equals = value = kNone;
      return at + 1;
    }
    if (kBlanks.find(c) != kNone || c == '\n') return at + 1;
    if (statement == kNone) statement = at;
    const bool in_value = equals != kNone;
    if (in_value && value == kNone) value = at;
    if (c == '"' || c == '\'') return skip_string(at);
    if (in_value && (c == '[' || c == '{')) brackets.push_back(at);
    if ((c == ']' || c == '}') && !brackets.empty()) brackets.pop_back();
    if (c == '=' && !in_value) equals = at;
    if (c == '[' || c == '{' || c == ',' || c == '=') value = kNone;
    return at + 1;
  }

  std::size_t skip_string(std::size_t at) {
    const std::string_view three = toml_[at] == '"' ? "\"\"\"" : "'''";
    string = at;
    has_three_quotes = toml_.substr(at).starts_with(three);
    const std::string_view quote = three.substr(0, has_three_quotes ? 3 : 1);
    for (at += quote.size(); at < end_; ++at) {
      if (toml_[at] == '\\' && three[0] == '"') {
        ++at;
      } else if (toml_.substr(at).starts_with(quote)) {
        string = kNone;
        return at + quote.size();
      }
    }
    return at;
  }

  const std::string_view toml_;
  const std::size_t end_;
};

class Explanation {
 public:
  Explanation(std::string_view toml, Position* where)
      : toml_(toml),
        end_(offset_of(toml, *where)),
        place_(toml, end_),
        where_(where) {}

  std::string text() {
    if (place_.string != kNone) return of_string();
    if (place_.statement == kNone) return of_first(end_);
    if (toml_[place_.statement] == '[') return of_header();
    if (place_.equals == kNone) return of_key();
    std::string wrong = of_token();
    if (!wrong.empty()) return wrong;
    return place_.brackets.empty() ? of_value() : of_brackets();
  }

  // Of a key or table that is there already.
  std::string text_of_second() {
    if (!place_.brackets.empty()) return "a key is there twice in these braces";
    const std::size_t begin = std::min(place_.statement, end_);
    std::string_view name =
        toml_.substr(begin, toml_.find('\n', begin) - begin);
    name = without_blanks(name.substr(0, name.find_first_of("=#")));
    return at(begin, std::string(name) +
                         " is there already, further up: it is written once");
  }

 private:
  // The parser counts the last line end as the end.
  bool is_at_end() const noexcept {
    return end_ >= toml_.size() || toml_.substr(end_) == "\n";
  }
  bool is_at_line_end() const noexcept {
    return is_at_end() || toml_[end_] == '\n' || toml_[end_] == '\r';
  }
  std::string at(std::size_t offset, std::string text) {
    *where_ = position_at(toml_, offset);
    return text;
  }

  // KEY = "...", with the key of the statement if it is one.
  std::string example() const {
    const std::string_view key = without_blanks(
        toml_.substr(place_.statement, place_.equals - place_.statement));
    const bool is_bare = std::all_of(key.begin(), key.end(), is_of_bare_key);
    const bool is_list =
        !place_.brackets.empty() && toml_[place_.brackets.front()] == '[';
    return std::string(is_bare ? key : "KEY") +
           (is_list ? " = [\"...\"]" : " = \"...\"");
  }

  std::string of_string() {
    const char quote = toml_[place_.string];
    if (place_.has_three_quotes && is_at_end()) {
      return at(place_.string,
                "the text that begins here with three quotes is not closed");
    }
    if (!is_at_line_end() && quote == '"') {
      return "a backslash in double quotes begins an escape: write \\\\ for "
             "each, or put the text in single quotes";
    }
    if (place_.has_three_quotes || !is_at_line_end()) return {};
    return at(place_.string, "the text that begins here is not closed: " +
                                 std::string(1, quote) +
                                 " is missing before the end of the line");
  }

  // Of a statement.
  std::string of_first(std::size_t begin) const {
    if (begin >= toml_.size()) return {};
    const std::string_view rest = toml_.substr(begin);
    if (rest.starts_with(';') || rest.starts_with("//")) {
      return "a comment begins with #";
    }
    if (rest.starts_with('=')) return "there is no key before the =";
    return "a key of other characters than letters, digits, - and _ needs "
           "quotes";
  }

  std::string of_header() {
    const std::string_view line =
        toml_.substr(place_.statement,
                     toml_.find('\n', place_.statement) - place_.statement);
    const bool is_array = line.starts_with("[[");
    const std::size_t close = line.find(is_array ? "]]" : "]");
    if (close == kNone) {
      return at(place_.statement,
                "the name of a table is not closed: it ends with " +
                    std::string(is_array ? "]], as in [[stogger.limits]]"
                                         : "], as in [stogger]"));
    }
    const std::string_view name = without_blanks(
        line.substr(is_array ? 2 : 1, close - (is_array ? 2 : 1)));
    if (name.empty()) return "a table has a name, as in [stogger]";
    if (end_ - place_.statement <= close) {
      return "the name of a table that has other characters than letters, "
             "digits, - and _ needs quotes";
    }
    return "only a comment, which begins with #, may follow the name of a "
           "table";
  }

  std::string of_key() const {
    if (is_at_line_end() || toml_[end_] == '#') {
      return "there is a key without a value: write KEY = VALUE";
    }
    if (toml_[end_] == ':') return "between key and value there is =, not :";
    return "a line is KEY = VALUE, and a key with blanks needs quotes";
  }

  // The word or number that the parser stopped at, or inside of.
  std::string_view token() const noexcept {
    const std::string_view rest = toml_.substr(begin_of_token());
    return rest.substr(0, rest.find_first_of(" \t\r\n,]}#"));
  }

  std::string of_token() {
    const std::string_view word = token();
    if (word.empty() || is_key()) return {};
    if (word.starts_with("\xE2\x80")) {
      return at(begin_of_token(),
                "these quotes are typographic ones: write \"...\"");
    }
    if (begins_word(word) && !is_known(word)) {
      return at(begin_of_token(), "text needs quotes, as in " + example() +
                                      "; true and false are written without");
    }
    return begins_number(word.front()) ? of_number(word) : std::string();
  }
  std::size_t begin_of_token() const noexcept {
    return std::min(place_.value, end_);
  }
  // Whether the token is a key in braces.
  bool is_key() const noexcept {
    if (place_.brackets.empty() || toml_[place_.brackets.back()] != '{') {
      return false;
    }
    return toml_[toml_.find_last_not_of(kBlanks, begin_of_token() - 1)] != '=';
  }

  // One that the parser has understood is followed by something.
  std::string of_number(std::string_view word) {
    const std::size_t begin = begin_of_token();
    const std::string quotes = "text needs quotes, as in " + example();
    if (end_ > begin + word.size()) {
      const std::size_t line_end =
          std::min(toml_.find('\n', end_), toml_.size());
      const bool has_unit = place_.brackets.empty() && !is_at_line_end() &&
                            toml_.find('=', end_) >= line_end;
      return has_unit ? at(begin, no_number() + quotes) : std::string();
    }
    const bool is_good = word.find_first_not_of("0123456789") == kNone;
    // Right, and what it stands in ends without an end.
    if (is_good && is_at_line_end() && !place_.brackets.empty()) return {};
    const bool has_sign = word.front() == '+' || word.front() == '-';
    const std::string_view digits = word.substr(has_sign ? 1 : 0);
    if (digits.size() > 1 &&
        std::all_of(digits.begin(), digits.end(),
                    [](char c) { return is_digit(c) || c == '_'; })) {
      if (digits.front() == '0') {
        return at(
            begin,
            "a number does not begin with 0: an octal one is 0o640, and " +
                quotes);
      }
      if (digits.size() > 18) return at(begin, "the number is too large");
    }
    if (!has_sign && digits.find_first_of("-:") != kNone) {
      return at(begin,
                "no date and no time: they are 2026-01-31, 10:00:00 or "
                "2026-01-31T10:00:00Z, and " +
                    quotes);
    }
    if (digits.starts_with('.') || digits.ends_with('.')) {
      return at(begin, "a number has digits before and after its point, and " +
                           quotes);
    }
    return at(begin, no_number() + quotes);
  }
  static std::string no_number() {
    return "no number, which has neither a unit nor commas; ";
  }

  std::string of_value() const {
    if (place_.value == kNone) {
      if (is_at_line_end() || toml_[end_] == '#') {
        return "there is no value after the =";
      }
      return "no value: text needs quotes, as in " + example();
    }
    return "only a comment, which begins with #, may follow a value: each KEY "
           "= VALUE has a line of its own, and quotes in a text are written "
           "\\\"";
  }

  std::string of_brackets() {
    const std::size_t open = place_.brackets.back();
    const bool is_list = toml_[open] == '[';
    if (is_list && is_at_end()) {
      return at(open,
                "the list that begins here is not closed: it ends with ]");
    }
    if (!is_list && is_at_line_end()) {
      return at(open,
                "the table that begins here is not closed: it ends with }, on "
                "the same line");
    }
    if (!is_list) {
      return "in braces there are KEY = VALUE, with commas between them and "
             "none at the end";
    }
    return "between the items of a list there is one comma";
  }

  const std::string_view toml_;
  const std::size_t end_;
  const Place place_;
  Position* const where_;
};

}  // namespace

std::string explain_syntax_error(std::string_view toml,
                                 std::string_view parser_says,
                                 Position* where) {
  if (toml.empty()) return {};
  // Neither can be seen in the text up to there.
  if (parser_says.find("redefine") != kNone) {
    return Explanation(toml, where).text_of_second();
  }
  if (parser_says.find("utf-8") != kNone) {
    return "a character that is not UTF-8: save the file as UTF-8";
  }
  return Explanation(toml, where).text();
}

}  // namespace stogger
