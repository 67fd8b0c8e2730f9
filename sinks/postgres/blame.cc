#include "sinks/postgres/blame.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "sinks/postgres/reply.h"

namespace stogger {
namespace {

// A row with more text may itself be what takes the server too long.
constexpr std::size_t kLargeRow = 64 * 1024;

}  // namespace

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

bool is_of_pooler(const Answer& answer) noexcept {
  return answer.of_name && remedy_for(answer.sqlstate) == Remedy::be_pooled;
}

Remedy remedy_of(const Answer& answer) noexcept {
  // A CHECK has a name. What has none is that no partition takes the row: it
  // may be one of long ago, or none has been made for today.
  if (answer.sqlstate == "23514" && answer.constraint.empty()) {
    return Remedy::doubt;
  }
  if (answer.works_on && !is_of_pooler(answer)) {
    return remedy_in_session(answer.sqlstate);
  }
  return remedy_for(answer.sqlstate);
}

bool is_lock_wait(const Answer& answer) noexcept {
  return answer.kind == Answer::Kind::refused && answer.sqlstate == "55P03";
}

bool blames_target(const Answer& answer) noexcept {
  return is_lock_wait(answer) ||
         remedy_of(answer) != remedy_for(answer.sqlstate);
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

void look_into(Connection& connection, Deadline deadline, Answer* answer) {
  constexpr std::string_view kReadOnly = "25006";
  if (!answer->works_on || answer->sqlstate != kReadOnly) return;
  ResultPtr result;
  const Answer said = connection.run("SHOW transaction_read_only", Parameters(),
                                     deadline, &result);
  std::string_view text;
  answer->works_on =
      said.ok() && cell(result.get(), 0, 0, &text).ok() && text == "off";
}

bool is_large(const RowBatch& rows, std::size_t row) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    const Value& value = rows.at(row, i);
    if (value.kind() == Kind::text || value.kind() == Kind::json) {
      size += value.text().size();
    }
  }
  return size > kLargeRow;
}

std::string describe(const Answer& answer) {
  return answer.sqlstate.empty()
             ? answer.message
             : answer.message + " (SQLSTATE " + answer.sqlstate + ")";
}

}  // namespace stogger
