// Which row it was that the server refused, and what is said about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/sqlstate.h"
#include "stogger/status.h"

namespace stogger {

inline constexpr std::size_t kNoRow = SIZE_MAX;

// Which of `count` rows of a COPY into the table the answer names; kNoRow if
// none. It may be wrong: a trigger's text may look like the server's.
std::size_t row_of(const Answer& answer, const std::string& table,
                   std::size_t count);

Remedy remedy_of(const Answer& answer) noexcept;
// True if the row may be at fault, rather than the server or the connection.
bool is_about_row(const Answer& answer) noexcept;

// Its text, and the SQLSTATE.
std::string describe(const Answer& answer);

// What is to be said of the rows of one write(), all of it: no report depends
// on another.
class WriteReports {
 public:
  void clear() { *this = WriteReports(); }
  // A row was refused. Of several, the last is shown.
  void refuse(std::string text);
  // Something that does not concern whether rows are stored.
  void add(const Status& status);
  // Ok if there is nothing, Code::rejected otherwise; unless `failure`, which
  // comes first.
  Status take(Status failure);

 private:
  std::size_t refused_ = 0;
  std::string last_refused_;
  std::string others_;
};

}  // namespace stogger
