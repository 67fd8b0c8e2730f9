#include "sinks/postgres/blame.h"

#include <charconv>
#include <string_view>
#include <utility>

namespace stogger {

// "COPY logs, line 3, column data", in the language of the server: the first
// number after the name of the table, which may have digits, too. It is the
// last line of the context; those before it are of functions.
std::size_t row_of(const Answer& answer, const std::string& table,
                   std::size_t count) {
  std::string_view text = answer.context;
  text = text.substr(text.rfind('\n') + 1);
  const std::size_t name = text.find(table);
  if (name == std::string_view::npos) return kNoRow;
  text.remove_prefix(name + table.size());
  const std::size_t digit = text.find_first_of("0123456789");
  if (digit == std::string_view::npos) return kNoRow;
  std::size_t line = 0;
  std::from_chars(text.data() + digit, text.data() + text.size(), line);
  return line >= 1 && line <= count ? line - 1 : kNoRow;
}

Remedy remedy_of(const Answer& answer) noexcept {
  // A CHECK has a name. What has none is that no partition takes the row: it
  // may be one of long ago, or none has been made for today.
  if (answer.sqlstate == "23514" && answer.constraint.empty()) {
    return Remedy::doubt;
  }
  return remedy_for(answer.sqlstate);
}

bool is_about_row(const Answer& answer) noexcept {
  if (answer.kind != Answer::Kind::refused) return false;
  switch (remedy_of(answer)) {
    case Remedy::give_up:
    case Remedy::reconnect:
    case Remedy::be_pooled:
      return false;
    case Remedy::retry:
    case Remedy::look_again:
    case Remedy::set_aside:
    case Remedy::doubt:
    case Remedy::slow:
      return true;
  }
  return false;
}

std::string describe(const Answer& answer) {
  return answer.sqlstate.empty()
             ? answer.message
             : answer.message + " (SQLSTATE " + answer.sqlstate + ")";
}

}  // namespace stogger
