#include "sinks/postgres/row_writer.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <thread>
#include <utility>

#include "row/origin.h"
#include "sinks/postgres/inspection.h"
#include "sinks/postgres/sql.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

// What a row is tried in vain before the sink gives up: a connection may be
// found dead, its replacement be read-only or behind a pooler.
constexpr int kAttempts = 4;
// Of a batch: rows that the server names are taken out one by one; with more
// of them, halving finds them with fewer repetitions.
constexpr int kRemovals = 8;

// How often a write() has the table looked at again. Once that did not help
// with a row, it helps none of the parts that its batch is halved into, and
// each look takes a new session.
constexpr int kMostLooks = 2;
constexpr milliseconds kLongestPause(10);
// How often rows of a batch are tried again that are in conflict with other
// transactions, and for how long a single one is: it may itself be at fault,
// and keeps the others waiting.
constexpr int kMostConflicts = 6;
// What is left of the deadline of a row that has waited for a lock once more.
constexpr milliseconds kLockMargin(20);
constexpr milliseconds kConflictTime(250);
// Rows of a batch, one after the other, after which the target is at fault.
constexpr std::size_t kMostSuspects = 100;

// Until when conflicts are worth more than a few attempts: several rows are
// rather halved.
Deadline conflict_deadline(const std::vector<std::size_t>& rows) {
  return rows.size() == 1 ? Steady::now() + kConflictTime : Deadline();
}

}  // namespace

RowWriter::RowWriter(const PostgresSettings& settings, Connector& connector)
    : settings_(settings),
      connector_(connector),
      schema_({.times_as_text = settings.times_as_text,
               .longest_name = kLongestIdentifier},
              settings.columns),
      sender_(settings, schema_),
      ledger_(settings) {}

RowWriter::~RowWriter() { disconnect(); }

void RowWriter::disconnect() {
  if (session_ != nullptr) retire(Connector::Verdict::fine);
}

void RowWriter::abandon() noexcept {
  if (session_ != nullptr) session_->connection->abandon();
}

void RowWriter::retire(Connector::Verdict verdict) {
  connector_.retire(std::move(session_), verdict);
}

Status RowWriter::connect(Deadline deadline, Connector::Wait wait) {
  for (;;) {
    if (session_ != nullptr) {
      const bool lasts =
          !session_->connection->is_worn() || !connector_.has_replacement();
      if (lasts && session_->connection->is_alive()) {
        lacks_connection_ = false;
        return {};
      }
      retire(Connector::Verdict::fine);
    }
    Status status;
    session_ = connector_.take(deadline, wait, &status);
    if (session_ == nullptr) {
      lacks_connection_ = true;
      return status;
    }
    if (!session_->columns.empty()) sender_.use(*session_);
  }
}

Status RowWriter::write(const RowBatch& rows, WriteReport& report,
                        std::uint64_t* written) {
  written_ = written;
  report_ = &report;
  removals_ = 0;
  looks_ = 0;
  names_rows_ = true;
  ledger_faults_ = 0;
  suspects_.clear();
  has_stored_ = false;
  Status status = write_all(rows);
  if (status.ok() && !suspects_.empty()) status = no_row_taken();
  if (sender_.has_replaced() && !said_encoding_) report_encoding();
  if (schema_.has_report()) report.notice(schema_.take_report());
  if (ledger_.has_report()) report.notice(ledger_.take_report());
  return status;
}

// Of a session that may be gone meanwhile: then the next row says it.
void RowWriter::report_encoding() {
  if (session_ == nullptr || session_->encoding == nullptr) return;
  said_encoding_ = true;
  report_->notice(encoding_warning(*session_->encoding));
}

Status RowWriter::write_all(const RowBatch& rows) {
  if (rows.row_count == 1 && rows.origin == nullptr) {
    return write_one(rows, 0,
                     Steady::now() + settings_.deadline -
                         std::chrono::nanoseconds(report_->waited_ns()));
  }
  Rows all(rows.row_count);
  std::iota(all.begin(), all.end(), 0);
  return write_some(rows, std::move(all),
                    Steady::now() + settings_.batch_deadline);
}

// A session for the rows, their columns in its table, and their queue in its
// ledger.
Status RowWriter::begin(const RowBatch& rows, Deadline deadline) {
  const Connector::Wait wait = settings_.waits_for_server
                                   ? Connector::Wait::till_deadline
                                   : Connector::Wait::one_attempt;
  Status status = connect(deadline, wait);
  if (status.ok() && session_->columns.empty()) status = make_table(rows);
  if (status.ok()) sender_.match(rows);
  if (!status.ok() || rows.origin == nullptr) return status;
  return read_ledger(*rows.origin, deadline);
}

Status RowWriter::read_ledger(const RowOrigin& origin, Deadline deadline) {
  const Status status = ledger_.prepare(*session_, origin, deadline);
  if (status.ok()) return {};
  retire(Connector::Verdict::fine);
  lacks_connection_ = false;
  return hidden(status.code(), std::string(status.message()));
}

// Creates it for rows that come first, unless somebody has done so by now.
Status RowWriter::make_table(const RowBatch& rows) {
  if (schema_.is_set()) {
    schema_.clear();
    return Status(Code::missing, "the table is gone: it was deleted");
  }
  Status status = schema_.set_from(rows);
  if (status.ok()) {
    status = prepare_session(settings_, schema_.columns(), session_.get());
  }
  if (!status.ok()) {
    schema_.clear();
    return hidden(status.code(), std::string(status.message()));
  }
  sender_.use(*session_);
  return {};
}

Status RowWriter::write_one(const RowBatch& rows, std::size_t row,
                            Deadline deadline) {
  int tries = 0;  // of one statement
  for (;;) {
    if (Status status = begin(rows, deadline); !status.ok()) return status;
    if (Status status = sender_.encode(rows, row); !status.ok()) {
      refuse_row(row, "", status.message());
      return {};
    }
    Answer answer = sender_.send_one(*session_, deadline);
    look_into(*session_->connection, deadline, &answer);
    if (answer.ok()) {
      count_stored(1, answer);
      if (session_->lost_names) retire(Connector::Verdict::is_pooler);
      return {};
    }
    if (prepare_retry(answer, &tries, deadline, deadline)) continue;
    return is_of_row(answer) ? refuse(rows, row, answer, deadline)
                             : give_up(answer, rows, {row});
  }
}

Status RowWriter::write_some(const RowBatch& rows, Rows chosen,
                             Deadline deadline) {
  int tries = 0;  // of one statement
  Deadline patience = conflict_deadline(chosen);
  while (!chosen.empty()) {
    if (Status status = begin(rows, deadline); !status.ok()) return status;
    const bool moves = session_->ledger.moves_with(rows);
    if (moves) leave_out_stored(rows, &chosen);
    Rows others;
    RowSender::Misfits misfits;
    Answer answer = sender_.send_some(*session_, rows, &chosen, &others,
                                      &misfits, deadline);
    for (const auto& [row, why] : misfits) refuse_row(row, "", why.message());
    const bool of_ledger = moves && is_of_ledger(answer);
    if (of_ledger) {
      answer.works_on = false;  // no row has raised it
    } else {
      look_into(*session_->connection, deadline, &answer);
    }
    if (answer.ok()) {
      if (!chosen.empty()) {
        count_stored(chosen.size(), answer);
        if (moves) {
          session_->ledger.position = position_of(*rows.origin, chosen.back());
        }
      }
    } else if ((of_ledger &&
                ledger_.settle(*session_, answer, ledger_faults_++)) ||
               prepare_retry(answer, &tries, deadline, patience)) {
      chosen.insert(chosen.end(), others.begin(), others.end());
      continue;
    } else if (of_ledger) {
      return give_up(answer, rows, chosen);
    } else {
      Status status = isolate(rows, std::move(chosen), answer, deadline);
      if (!status.ok()) return status;
    }
    chosen = std::move(others);
    tries = 0;
    patience = conflict_deadline(chosen);
  }
  return {};
}

bool RowWriter::is_of_row(const Answer& answer) const {
  if (!is_about_row(answer)) return false;
  return !settings_.policy.has_one_try || remedy_of(answer) != Remedy::slow;
}

// Finds out which of the rows it is that the server does not take, and writes
// the others. One that the server names is tried by itself, for the name may be
// wrong.
Status RowWriter::isolate(const RowBatch& rows, Rows chosen,
                          const Answer& answer, Deadline deadline) {
  // An answer that does not come in time would leave rows in doubt.
  const bool has_time =
      !is_lock_wait(answer) ||
      Steady::now() + batch_lock_timeout(settings_) < deadline;
  if (!is_of_row(answer) || !has_time) return give_up(answer, rows, chosen);
  if (chosen.size() == 1) return refuse(rows, chosen[0], answer, deadline);
  const std::size_t named = names_rows_ && removals_ < kRemovals
                                ? row_of(answer, settings_.table, chosen.size())
                                : kNoRow;
  if (named != kNoRow) return write_around(rows, chosen, named, deadline);
  const auto middle =
      chosen.begin() + static_cast<std::ptrdiff_t>(chosen.size() / 2);
  Status status = write_some(rows, Rows(chosen.begin(), middle), deadline);
  if (!status.ok()) return status;
  chosen.erase(chosen.begin(), middle);
  return write_some(rows, std::move(chosen), deadline);
}

// One of them by itself, then the others; in order, if they have an origin.
Status RowWriter::write_around(const RowBatch& rows, Rows chosen,
                               std::size_t suspect, Deadline deadline) {
  ++removals_;
  const auto place = chosen.begin() + static_cast<std::ptrdiff_t>(suspect);
  const Rows alone = {*place};
  Rows after(place + 1, chosen.end());
  chosen.erase(place, chosen.end());
  if (rows.origin == nullptr) {
    after.insert(after.begin(), chosen.begin(), chosen.end());
    chosen.clear();
  }
  Status status = write_some(rows, std::move(chosen), deadline);
  if (!status.ok()) return status;
  const std::uint64_t before = *written_;
  status = write_some(rows, alone, deadline);
  if (!status.ok()) return status;
  if (*written_ != before) names_rows_ = false;
  return write_some(rows, std::move(after), deadline);
}

// They count as written, though some of them may have been refused before.
void RowWriter::leave_out_stored(const RowBatch& rows, Rows* chosen) {
  const std::size_t stored = count_up_to(rows, session_->ledger.position);
  *written_ += std::erase_if(
      *chosen, [stored](std::size_t row) { return row < stored; });
}

// Rows that the server takes and does not store, for a trigger or a rule
// diverts or drops them: what it says of their number is all there is to know.
void RowWriter::count_stored(std::size_t sent, const Answer& answer) {
  session_->proven = true;
  const std::size_t stored =
      answer.rows < 0 ? 0
                      : std::min(sent, static_cast<std::size_t>(answer.rows));
  *written_ += stored;
  alike_.reset();
  has_stored_ = true;
  for (const Suspect& one : std::exchange(suspects_, {})) {
    refuse_row(one.row, one.sqlstate, one.message);
  }
  const bool diverted = stored < sent;
  if (diverted && !diverts_) {
    report_->notice(
        "the server took " + std::to_string(sent) +
        (sent == 1 ? " row" : " rows") + " and says that it stored " +
        std::to_string(stored) +
        ": a trigger or a rule of the table drops them, or puts them "
        "elsewhere; such rows are counted as dropped");
  }
  diverts_ = diverted;
}

// Does what the answer asks for. True if it is worth another attempt: nothing
// has been stored. Conflicts are worth many until `patience` is over.
bool RowWriter::prepare_retry(const Answer& answer, int* tries,
                              Deadline deadline, Deadline patience) {
  const bool more = ++*tries < kAttempts ||
                    (settings_.waits_for_server && Steady::now() < deadline);
  switch (answer.kind) {
    case Answer::Kind::done:
      return false;
    case Answer::Kind::in_doubt:
      retire(Connector::Verdict::fine);
      return false;
    case Answer::Kind::lost:
      retire(Connector::Verdict::fine);
      return more && !answer.late;
    case Answer::Kind::refused:
      break;
  }
  // COPY is not for tables with row-level security.
  if (answer.sqlstate == "0A000" && session_->can_copy) {
    session_->can_copy = false;
    return true;
  }
  switch (remedy_of(answer)) {
    case Remedy::retry:
      return pause(*tries < kMostConflicts ? deadline : patience);
    case Remedy::reconnect:
      retire(Connector::Verdict::avoid);
      return more;
    case Remedy::look_again:
      // If that did not help with the row before, it is no change of the table.
      if (alike_.are_like(answer.sqlstate)) return false;
      if (++looks_ > kMostLooks) return false;
      // The server answers; it is this side that ends the session.
      session_->proven = true;
      retire(Connector::Verdict::fine);
      return true;
    case Remedy::be_pooled:
      retire(Connector::Verdict::is_pooler);
      return more;
    case Remedy::slow:
      return is_lock_wait(answer) && !settings_.policy.has_one_try &&
             pause(patience - lock_timeout(settings_) - kLockMargin);
    case Remedy::give_up:
    case Remedy::set_aside:
    case Remedy::doubt:
      return false;
  }
  return false;
}

// A moment, not the same for all who are in each other's way. False if there is
// no time for it.
bool RowWriter::pause(Deadline deadline) const {
  static thread_local std::minstd_rand random(std::random_device{}());
  const milliseconds time(std::uniform_int_distribution<milliseconds::rep>(
      1, kLongestPause.count())(random));
  if (Steady::now() + 2 * kLongestPause > deadline) return false;
  std::this_thread::sleep_for(time);
  return true;
}

// The server does not take the row. Not ok if it takes none any more.
Status RowWriter::refuse(const RowBatch& rows, std::size_t row,
                         const Answer& answer, Deadline deadline) {
  // Rights that were taken away, or a policy for rows.
  if (answer.sqlstate == "42501" && session_ != nullptr) {
    bool ignored = false;
    const Status rights =
        Inspection(settings_, session_.get(), deadline).check_rights(&ignored);
    if (!rights.ok()) {
      lacks_connection_ = false;
      return hidden(Code::unavailable, std::string(rights.message()));
    }
  }
  if (blames_target(answer) && !has_stored_ && rows.row_count > 1) {
    return suspect(row, answer);
  }
  refuse_row(row, answer.sqlstate, answer.message);
  Remedy remedy = remedy_of(answer);
  // Waiting for a lock is nobody's size.
  const bool ran_long = remedy == Remedy::slow && !is_lock_wait(answer);
  if (ran_long && is_large(rows, row)) remedy = Remedy::doubt;
  if (!alike_.add(answer.sqlstate, remedy)) return {};
  // Whoever opens the sink again gets a session that has looked again.
  if (session_ != nullptr) retire(Connector::Verdict::fine);
  lacks_connection_ = false;
  return hidden(Code::unavailable,
                "the server refuses row after row: " + describe(answer));
}

// The row is refused if the server takes another one of the batch. Otherwise
// none is, and all are handed over again if a queue keeps them.
Status RowWriter::suspect(std::size_t row, const Answer& answer) {
  suspects_.push_back({row, answer.sqlstate, answer.message});
  return suspects_.size() < kMostSuspects ? Status() : no_row_taken();
}

Status RowWriter::no_row_taken() {
  const Suspect& last = suspects_.back();
  lacks_connection_ = false;
  return hidden(Code::unavailable,
                "the server refuses row after row: " + last.message +
                    " (SQLSTATE " + last.sqlstate + ")");
}

void RowWriter::refuse_row(std::size_t row, std::string_view sqlstate,
                           std::string_view reason) {
  std::string text = "the server refused a row: " + std::string(reason);
  if (!sqlstate.empty()) text += " (SQLSTATE " + std::string(sqlstate) + ")";
  report_->refuse(row, hide_secrets(settings_, text));
}

Status RowWriter::give_up(const Answer& answer, const RowBatch& rows,
                          const Rows& chosen) {
  std::string text;
  if (answer.kind != Answer::Kind::in_doubt) {
    lacks_connection_ = answer.kind == Answer::Kind::lost && !answer.late;
    text = "the server refused to store rows: " + describe(answer);
  } else {
    lacks_connection_ = !answer.late;
    text = describe(answer) +
           " after the rows were sent: whether they are stored is not known, "
           "and they are ";
    if (rows.origin != nullptr) {
      text += "to be handed over again";
    } else {
      for (const std::size_t row : chosen) report_->in_doubt(row);
      text += "counted as in doubt";
    }
  }
  return hidden(Code::unavailable, text);
}

}  // namespace stogger
