// Ledger: how far each queue has got (see RowOrigin), in a table beside that of
// the rows, <table>_ledger. The transaction of some rows moves it from the
// position before them, which the session has read, to that of the last of
// them. If somebody else has moved it, nothing of the transaction is done. So
// rows whose answer never came are not in doubt: the ledger says whether they
// are stored.
//
// Where there can be none, rows that are handed over again may be stored twice.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/session.h"
#include "sinks/postgres/settings.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

// Of a transaction that moves the ledger: whether the server refused what comes
// before the rows, so that none of them is at fault.
inline bool is_of_ledger(const Answer& answer) noexcept {
  constexpr int kBeforeRows = 2;  // the settings, and the move
  return answer.kind == Answer::Kind::refused &&
         answer.done_before < kBeforeRows;
}

class Ledger {
 public:
  // The settings outlive it.
  explicit Ledger(const PostgresSettings& settings) : settings_(settings) {}

  // To be called before rows are sent that have an origin: the session then
  // knows the position of their queue, or that there is no ledger. Looks for
  // it, and makes it if it is missing and may be made. Not ok if the server
  // does not answer as it should: then the session is of no more use.
  Status prepare(Session& session, const RowOrigin& origin, Deadline deadline);

  // After an answer that is_of_ledger(), the `faults`-th of a write(), from 0.
  // True if it was the ledger, so that another attempt makes sense: its
  // position will be read again, or it will be looked at again, or done
  // without.
  bool settle(Session& session, const Answer& answer, int faults);

  // Why there is no ledger, if that has not been reported.
  bool has_report() const noexcept { return !report_.empty(); }
  std::string take_report() { return std::exchange(report_, {}); }

 private:
  void do_without(Session& session, std::string_view why);

  const PostgresSettings& settings_;
  bool has_reported_ = false;
  std::string report_;
};

}  // namespace stogger
