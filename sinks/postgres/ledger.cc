#include "sinks/postgres/ledger.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/quote.h"
#include "base/uuid.h"
#include "row/origin.h"
#include "sinks/postgres/blame.h"
#include "sinks/postgres/catalogue.h"
#include "sinks/postgres/inspection.h"
#include "sinks/postgres/ledger_sql.h"
#include "sinks/postgres/reply.h"
#include "sinks/postgres/sql.h"
#include "sinks/postgres/trust.h"

namespace stogger {
namespace {

constexpr std::string_view kLooking = "cannot look at the ledger";
constexpr int kMostSearches = 3;
// How often a write() reads a position again that others move.
constexpr int kMostMoves = 8;

// Of one session.
class LedgerSearch {
 public:
  LedgerSearch(const PostgresSettings& settings, Session& session,
               Deadline deadline)
      : settings_(settings),
        session_(session),
        look_(settings, &session, deadline),
        place_(look_.place()) {
    session_.ledger.table =
        qualified_table(place_.schema, ledger_name(place_.table));
  }

  // Leaves session.ledger.use unknown if there is none to be used, and *why
  // says why.
  Status run(std::string* why);
  // Of the queue that session.ledger names.
  Status read_position();

 private:
  Status look(bool* exists, std::string* why);
  Status look_at_trust(const std::string& id, bool same_owner,
                       std::string* why);
  Status create(bool uses_lock, std::string* why);
  std::string to_run(bool create) const;

  // Each look is a transaction of its own: it takes longer than a row may.
  Status begin();
  Status end();

  const PostgresSettings& settings_;
  Session& session_;
  const Inspection look_;
  const PostgresSettings place_;
};

Status LedgerSearch::begin() {
  const Answer answer = session_.connection->run_all(
      "BEGIN READ ONLY;SET LOCAL statement_timeout='" +
          std::to_string(settings_.connect_timeout.count()) + "ms'",
      look_.soon());
  return answer.ok() ? Status() : look_.failed(answer, kLooking);
}

Status LedgerSearch::end() {
  const Answer answer = session_.connection->run_all("COMMIT", look_.soon());
  return answer.ok() ? Status() : look_.failed(answer, kLooking);
}

Status LedgerSearch::run(std::string* why) {
  if (session_.table.kind == 'f') {
    *why = "the table is on another server, whose transactions are its own";
    return {};
  }
  for (int i = 0; i < kMostSearches; ++i) {
    bool exists = false;
    Status status = begin();
    if (status.ok()) status = look(&exists, why);
    if (status.ok()) status = end();
    if (!status.ok() || !why->empty()) return status;
    if (exists) {
      session_.ledger.use = LedgerView::Use::found;
      return {};
    }
    if (!settings_.create_table) {
      *why = "it is missing, and create_table is false; " + to_run(true);
      return {};
    }
    // Anybody may hold the lock for ever.
    status = create(i == 0, why);
    if (!status.ok() || !why->empty()) return status;
  }
  *why = "it cannot be created and found; " + to_run(true);
  return {};
}

Status LedgerSearch::look(bool* exists, std::string* why) {
  const std::string name = ledger_name(place_.table);
  const char* const parameters[] = {place_.schema.c_str(), name.c_str(),
                                    session_.table.id.c_str()};
  ResultPtr result;
  const Answer answer = session_.connection->run(
      std::string(find_ledger_sql()),
      {std::size(parameters), parameters, nullptr, nullptr, nullptr},
      look_.soon(), &result);
  if (!answer.ok()) return look_.failed(answer, kLooking);
  *exists = PQntuples(result.get()) != 0;
  if (!*exists) return {};
  std::array<std::string_view, 4> cells;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Status status = cell(result.get(), 0, static_cast<int>(i), &cells[i]);
    if (!status.ok()) return status;
  }
  if (cells[1] != "t") {
    *why =
        "it is no plain table with the columns of a ledger alone; rename it, "
        "then " +
        to_run(true);
  } else if (cells[3] != "t") {
    *why = "the role lacks rights; " + to_run(false);
  } else {
    return look_at_trust(std::string(cells[0]), cells[2] == "t", why);
  }
  return {};
}

// Whoever owns it could have rows left out; so could the owner of the table.
Status LedgerSearch::look_at_trust(const std::string& id, bool same_owner,
                                   std::string* why) {
  if (settings_.trust_table) return {};
  const std::string& named = settings_.schema;
  Trust trust;
  Status status = stogger::look_at_trust(
      *session_.connection, id.c_str(), place_.schema.c_str(),
      named.empty() ? nullptr : named.c_str(), look_.soon(), &trust);
  if (trust.is_dangerous() || (trust.hold == Hold::owner && !same_owner)) {
    *why = trust.text(session_.ledger.table) +
           "; check it, then let a role that is trusted own it, or set "
           "trust_table = true";
  }
  return status;
}

Status LedgerSearch::create(bool uses_lock, std::string* why) {
  std::string sql = "BEGIN";
  for (const std::string& statement : begin_creation_sql(place_, uses_lock)) {
    sql += ";" + statement;
  }
  const Answer answer = session_.connection->run_all(
      sql + ";" + create_ledger_sql(place_) + ";COMMIT", look_.soon());
  if (answer.ok()) return {};
  if (answer.kind != Answer::Kind::refused) {
    return look_.failed(answer, "cannot create the ledger");
  }
  static_cast<void>(session_.connection->run_all("ROLLBACK", look_.soon()));
  // Somebody else was quicker, or held the lock for too long.
  if (answer.sqlstate == "23505" || answer.sqlstate == "42P07" ||
      answer.sqlstate == "42710" || answer.sqlstate == "55P03") {
    return {};
  }
  const Remedy remedy = remedy_for(answer.sqlstate);
  if (remedy == Remedy::give_up || remedy == Remedy::reconnect ||
      remedy == Remedy::retry || remedy == Remedy::slow) {
    return look_.failed(answer, "cannot create the ledger");
  }
  *why = "the role may not create it (" + answer.message + "); " + to_run(true);
  return {};
}

std::string LedgerSearch::to_run(bool create) const {
  std::string text = "let the owner of the database run: ";
  if (create) text += create_ledger_sql(place_) + "; ";
  return text + grant_ledger_sql(place_, session_.table.role) + ";";
}

Status LedgerSearch::read_position() {
  LedgerView& ledger = session_.ledger;
  const char* const queue = ledger.queue.c_str();
  ResultPtr result;
  const Answer answer = session_.connection->run(
      read_position_sql(ledger.table), {1, &queue, nullptr, nullptr, nullptr},
      look_.soon(), &result);
  // The table was deleted meanwhile, or the right to read it was.
  if (answer.kind == Answer::Kind::refused &&
      answer.sqlstate.starts_with("42")) {
    ledger.use = LedgerView::Use::unknown;
    return {};
  }
  if (!answer.ok()) return look_.failed(answer, "cannot read the ledger");
  ledger.position = -1;
  if (PQntuples(result.get()) == 0) return {};
  std::string_view text;
  Status status = cell(result.get(), 0, 0, &text);
  if (!status.ok()) return status;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), ledger.position);
  return error == std::errc() ? Status() : unknown_answer();
}

}  // namespace

Status Ledger::prepare(Session& session, const RowOrigin& origin,
                       Deadline deadline) {
  LedgerView& ledger = session.ledger;
  for (int i = 0; ledger.use != LedgerView::Use::none; ++i) {
    if (ledger.use == LedgerView::Use::found) {
      std::string queue = uuid_text(origin.queue);
      if (queue == ledger.queue) return {};
      ledger.queue = std::move(queue);
      Status status =
          LedgerSearch(settings_, session, deadline).read_position();
      if (!status.ok() || ledger.use == LedgerView::Use::found) return status;
    }
    ledger.queue.clear();
    std::string why;
    if (i < kMostSearches) {
      Status status = LedgerSearch(settings_, session, deadline).run(&why);
      if (!status.ok()) return status;
    } else {
      why = "it comes and goes";
    }
    if (!why.empty()) do_without(session, why);
  }
  return {};
}

bool Ledger::settle(Session& session, const Answer& answer, int faults) {
  if (answer.sqlstate == kMovedElsewhere) {
    session.ledger.queue.clear();
    return faults < kMostMoves;
  }
  switch (remedy_of(answer)) {
    case Remedy::look_again:
    case Remedy::set_aside:
    case Remedy::doubt:
      break;
    default:
      return false;
  }
  if (faults == 0) {
    session.ledger.use = LedgerView::Use::unknown;
  } else {
    do_without(session, "the server did not move it: " + describe(answer));
  }
  return true;
}

void Ledger::do_without(Session& session, std::string_view why) {
  session.ledger.use = LedgerView::Use::none;
  if (std::exchange(has_reported_, true)) return;
  report_ =
      "rows that are handed over again may be stored twice, for the "
      "ledger " +
      session.ledger.table + " cannot be used: ";
  report_ += hide_secrets(settings_, why);
}

}  // namespace stogger
