#include "sinks/postgres/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sinks/postgres/inspection.h"
#include "sinks/postgres/proof.h"
#include "sinks/postgres/sql.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;

// Creating a table waits for others that do the same.
constexpr milliseconds kCreateTime(10000);
constexpr int kMostTries = 5;

std::string row_settings(const PostgresSettings& settings) {
  return settings_sql(settings.statement_timeout, lock_timeout(settings),
                      settings.synchronous_commit);
}

// What ends first is named as the reason, which the lock has to be. A row is
// tried again: in a deadlock, one of two has to let go before the server looks
// for it, which it does after a second.
milliseconds lock_share(const PostgresSettings& settings,
                        milliseconds statement, int percent) {
  if (settings.policy.has_one_try) percent = 99;
  return std::max(statement * percent / 100, milliseconds(1));
}

// Less than the deadline, so that the server answers first.
std::string batch_settings(const PostgresSettings& settings, bool safe) {
  const auto make = safe ? safe_settings_sql : settings_sql;
  const milliseconds statement = settings.batch_statement_timeout;
  return make(statement, batch_lock_timeout(settings),
              settings.synchronous_commit);
}

class Preparation {
 public:
  // `columns`: those that a first batch makes.
  Preparation(const PostgresSettings& settings,
              const std::vector<SchemaColumn>* columns, Session* session)
      : settings_(settings),
        columns_(columns),
        session_(*session),
        look_(settings, session) {}

  Status run() {
    for (int i = 0; i < kMostTries; ++i) {
      if (Status status = look_.find(); !status.ok()) return status;
      if (look_.exists()) return prepare();
      if (!settings_.create_table) {
        return Status(Code::missing,
                      "there is no table " + look_.table() +
                          ", and create_table is false; create it");
      }
      if (!settings_.policy.has_standard_columns && columns_ == nullptr) {
        return {};
      }
      bool again = false;
      Status status = create(&again);
      if (!status.ok() && !again) return status;
    }
    return Status(Code::unavailable, "the table " + look_.table() +
                                         " cannot be created and found");
  }

 private:
  Status create(bool* again);
  Status prepare();
  Status prepare_insert();

  const PostgresSettings& settings_;
  const std::vector<SchemaColumn>* columns_;
  Session& session_;
  Inspection look_;
  // It keeps those who create the table out of each other's way, no more:
  // anybody may hold it for ever.
  bool uses_lock_ = true;
};

Status Preparation::create(bool* again) {
  const PostgresSettings place = look_.place();
  std::string sql = "BEGIN";
  for (const std::string& statement : begin_creation_sql(place, uses_lock_)) {
    sql += ";" + statement;
  }
  for (const std::string& statement :
       columns_ == nullptr ? create_table_sql(place)
                           : create_table_sql(place, *columns_)) {
    sql += ";" + statement;
  }
  sql += ";COMMIT";
  const Answer answer = session_.connection->run_all(
      sql, std::chrono::steady_clock::now() + kCreateTime);
  if (answer.ok()) return {};
  if (answer.kind == Answer::Kind::refused) {
    static_cast<void>(session_.connection->run_all("ROLLBACK", look_.soon()));
  }
  // Somebody else was quicker, or held the lock for too long.
  *again = answer.sqlstate == "23505" || answer.sqlstate == "42P07" ||
           answer.sqlstate == "42710" || answer.sqlstate == "55P03";
  if (answer.sqlstate == "55P03") uses_lock_ = false;
  if (answer.sqlstate == "42501") return look_.missing_rights(true);
  return look_.failed(answer, "cannot create the table " + look_.table());
}

Status Preparation::prepare() {
  if (Status status = look_.look(); !status.ok()) return status;
  Session& session = session_;
  session.row_settings = row_settings(settings_);
  session.batch_settings = batch_settings(settings_, false);
  session.safe_settings = batch_settings(settings_, true);
  session.statements.begin(look_.table(), session.columns, !session.pooled);
  if (session.pooled) return {};
  if (Status status = prepare_insert(); !status.ok()) return status;
  const Answer answer = session.connection->run_all(
      "SET statement_timeout='" +
          std::to_string(settings_.statement_timeout.count()) + "ms'",
      look_.soon());
  if (answer.ok()) return {};
  return look_.failed(answer, "cannot set the time-out of rows");
}

Status Preparation::prepare_insert() {
  Session& session = session_;
  // An event that has fields for no column but those of every event.
  std::vector<std::size_t> left_out;
  for (std::size_t i = 0; i < session.columns.size(); ++i) {
    if (session.columns[i].has_default) left_out.push_back(i);
  }
  Statements& first = session.statements.find(left_out);
  const Answer answer = session.connection->prepare(first.name, first.insert,
                                                    first.types, look_.soon());
  first.is_prepared = answer.ok();
  if (answer.ok()) return {};
  if (answer.sqlstate == "42501") return look_.missing_rights(false);
  return look_.failed(answer, "cannot prepare the INSERT");
}

}  // namespace

milliseconds lock_timeout(const PostgresSettings& settings) {
  return lock_share(settings, settings.statement_timeout, 25);
}

milliseconds batch_lock_timeout(const PostgresSettings& settings) {
  return lock_share(settings, settings.batch_statement_timeout, 50);
}

std::string startup_options(const PostgresSettings& settings) {
  std::string options = settings.startup_options;
  if (!options.empty()) options += ' ';
  const auto time = [](milliseconds value) {
    return std::to_string(value.count()) + "ms";
  };
  options += "-c statement_timeout=" + time(settings.connect_timeout) +
             " -c lock_timeout=" + time(lock_timeout(settings));
  if (!settings.synchronous_commit.empty()) {
    options += " -c synchronous_commit=" + settings.synchronous_commit;
  }
  return options;
}

Status prepare_session(const PostgresSettings& settings, Session* session) {
  if (settings.proves_only) return prove_session(settings, session);
  return Preparation(settings, nullptr, session).run();
}

Status prepare_session(const PostgresSettings& settings,
                       const std::vector<SchemaColumn>& columns,
                       Session* session) {
  return Preparation(settings, &columns, session).run();
}

}  // namespace stogger
