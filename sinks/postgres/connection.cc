#include "sinks/postgres/connection.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/utf8.h"
#include "sinks/postgres/execution.h"
#include "sinks/postgres/reply.h"

namespace stogger {
namespace {

// What libpq is handed of a COPY at a time: it would take all of it into its
// own memory if the server does not read.
constexpr std::size_t kCopyChunk = 64 * 1024;

constexpr int kBinary = 1;

// Of one row. A larger one is copied less by libpq, and its time is that of the
// server.
constexpr std::size_t kMostRequest = 64 * 1024;

// Of what a server says of one error.
constexpr std::size_t kMostText = 1024;
constexpr std::size_t kStateSize = 5;

std::string_view field_of(const PGresult* result, int field) noexcept {
  const char* const text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

std::string cut(std::string_view text) {
  return std::string(utf8_prefix(text, kMostText));
}

// Errors of the server have one; libpq makes others itself.
bool has_state(const PGresult* result) noexcept {
  return field_of(result, PG_DIAG_SQLSTATE).size() == kStateSize;
}

Answer refusal(const PGresult* result) {
  Answer answer;
  answer.kind = Answer::Kind::refused;
  // Not FATAL. The other field of it is translated.
  answer.works_on = field_of(result, PG_DIAG_SEVERITY_NONLOCALIZED) == "ERROR";
  answer.sqlstate = field_of(result, PG_DIAG_SQLSTATE);
  answer.message = cut(field_of(result, PG_DIAG_MESSAGE_PRIMARY));
  answer.context = cut(field_of(result, PG_DIAG_CONTEXT));
  answer.constraint = cut(field_of(result, PG_DIAG_CONSTRAINT_NAME));
  const std::string_view hint = field_of(result, PG_DIAG_MESSAGE_HINT);
  if (!hint.empty()) (answer.message += "; ") += cut(hint);
  return answer;
}

// "INSERT 0 1", "COPY 100"
void read_tag(PGresult* result, Answer* answer) noexcept {
  const std::string_view rows = PQcmdTuples(result);
  std::from_chars(rows.data(), rows.data() + rows.size(), answer->rows);
}

bool is_error(const PGresult* result) noexcept {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
         status == PGRES_PIPELINE_ABORTED;
}

bool wants_data(const PGresult* result) noexcept {
  return PQresultStatus(result) == PGRES_COPY_IN;
}

}  // namespace

Connection::Connection(PGconn* connection, std::unique_ptr<Pump> pump) noexcept
    : connection_(connection),
      pump_(std::move(pump)),
      wire_(connection, *pump_),
      is_plain_(PQsslInUse(connection) == 0 && PQgssEncInUse(connection) == 0) {
}

// Nothing of this waits: the connection is non-blocking.
Connection::~Connection() {
  PQfinish(connection_);
  pump_->close();
}

void Connection::abandon() noexcept { pump_->abandon(PQsocket(connection_)); }

std::string_view Connection::encoding() const noexcept {
  const char* const name = PQparameterStatus(connection_, "server_encoding");
  return name == nullptr ? "" : name;
}

Answer Connection::broken(bool sent) const {
  Answer answer;
  answer.kind = sent ? Answer::Kind::in_doubt : Answer::Kind::lost;
  answer.late = wire_.trouble() == Wire::Trouble::late;
  switch (wire_.trouble()) {
    case Wire::Trouble::late:
      answer.message = "the server did not answer in time";
      break;
    case Wire::Trouble::flood:
      answer.message = "the server sent more than 1 MiB in one answer";
      break;
    case Wire::Trouble::unknown:
      answer.message = unknown_answer().message();
      break;
    default:
      answer.message = "the connection was lost";
  }
  return answer;
}

// After the last result of what was sent.
Answer Connection::settled(Answer answer) const {
  answer.works_on =
      answer.works_on && PQtransactionStatus(connection_) == PQTRANS_IDLE;
  return answer;
}

// Sends what is queued and reads all results of the statement.
Answer Connection::finish(bool sent, ResultPtr* last) {
  Answer answer;
  // Some of it may have left, and it is one small message mostly.
  if (!sent || !wire_.send_all()) return broken(sent);
  for (;;) {
    ResultPtr result;
    if (!wire_.next_result(&result)) {
      return answer.ok() ? broken(true) : settled(std::move(answer));
    }
    if (result == nullptr) break;
    if (wants_data(result.get())) return broken(true);
    if (is_error(result.get())) {
      // libpq makes errors of its own when the connection breaks.
      if (!has_state(result.get())) {
        return answer.ok() ? broken(true) : settled(std::move(answer));
      }
      if (answer.ok()) answer = refusal(result.get());
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
      read_tag(result.get(), &answer);
    }
    if (last != nullptr) *last = std::move(result);
  }
  // The server may report an error and be gone.
  return settled(std::move(answer));
}

Answer Connection::run(const std::string& sql, const Parameters& parameters,
                       Deadline deadline, ResultPtr* result) {
  wire_.begin(deadline);
  const bool sent =
      PQsendQueryParams(connection_, sql.c_str(),
                        static_cast<int>(parameters.count), parameters.types,
                        parameters.values, parameters.lengths,
                        parameters.formats, 0) == 1;
  return finish(sent, result);
}

Answer Connection::run_all(const std::string& sql, Deadline deadline) {
  wire_.begin(deadline);
  return finish(PQsendQuery(connection_, sql.c_str()) == 1, nullptr);
}

Answer Connection::prepare(const std::string& name, const std::string& sql,
                           const std::vector<Oid>& types, Deadline deadline) {
  wire_.begin(deadline);
  const bool sent =
      PQsendPrepare(connection_, name.c_str(), sql.c_str(),
                    static_cast<int>(types.size()), types.data()) == 1;
  Answer answer = finish(sent, nullptr);
  answer.of_name = true;
  return answer;
}

Answer Connection::run_prepared(const std::string& name,
                                const Parameters& parameters,
                                Deadline deadline) {
  wire_.begin(deadline);
  Answer answer = ask_prepared(name, parameters);
  answer.of_name = true;
  return answer;
}

Answer Connection::ask_prepared(const std::string& name,
                                const Parameters& parameters) {
  request_.clear();
  const bool asks =
      is_plain_ && append_execution(request_, name, parameters, kMostRequest);
  std::string_view reply;
  if (asks) {
    if (!wire_.ask(request_.view(), &reply)) return broken(true);
    Answer answer;
    if (is_stored(reply, &answer.rows)) return answer;
  }
  const bool sent =
      PQsendQueryPrepared(connection_, name.c_str(),
                          static_cast<int>(parameters.count), parameters.values,
                          parameters.lengths, parameters.formats, kBinary) == 1;
  if (asks && !(sent && wire_.hand_over(reply))) return broken(true);
  return finish(sent, nullptr);
}

Answer Connection::run_with(std::span<const char* const> first,
                            const std::string& sql,
                            const Parameters& parameters, Deadline deadline) {
  wire_.begin(deadline);
  bool sent = PQenterPipelineMode(connection_) == 1;
  for (const char* const statement : first) {
    sent = sent && PQsendQueryParams(connection_, statement, 0, nullptr,
                                     nullptr, nullptr, nullptr, kBinary) == 1;
  }
  sent = sent &&
         PQsendQueryParams(connection_, sql.c_str(),
                           static_cast<int>(parameters.count), parameters.types,
                           parameters.values, parameters.lengths,
                           parameters.formats, kBinary) == 1 &&
         PQpipelineSync(connection_) == 1;
  if (!sent || !wire_.send_all()) return broken(sent);
  Answer answer;
  int done = 0;
  // The results of all, each with a null result after it, and the sync.
  for (;;) {
    ResultPtr result;
    if (!wire_.next_result(&result)) return broken(true);
    if (result == nullptr) {
      if (PQstatus(connection_) != CONNECTION_OK) return broken(true);
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    if (wants_data(result.get())) return broken(true);
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
      read_tag(result.get(), &answer);
    }
    if (!is_error(result.get())) ++done;
    if (!is_error(result.get()) || !answer.ok()) continue;
    if (!has_state(result.get())) return broken(true);
    answer = refusal(result.get());
    answer.done_before = done;
  }
  // Not left if there is something unread, which would be of no use later.
  if (PQexitPipelineMode(connection_) != 1) return broken(true);
  return settled(std::move(answer));
}

bool Connection::put(std::string_view data) {
  while (!data.empty()) {
    const std::string_view chunk =
        data.substr(0, std::min(data.size(), kCopyChunk));
    if (PQputCopyData(connection_, chunk.data(),
                      static_cast<int>(chunk.size())) != 1 ||
        !wire_.send_all()) {
      return false;
    }
    data.remove_prefix(chunk.size());
  }
  return true;
}

// Reads up to where the server asks for the data.
bool Connection::wait_for_copy(Answer* answer, int* done) {
  for (;;) {
    ResultPtr result;
    if (!wire_.next_result(&result) || result == nullptr) {
      *answer = answer->ok() ? broken(false) : settled(std::move(*answer));
      return false;
    }
    if (wants_data(result.get())) return true;
    if (!is_error(result.get())) ++*done;
    if (!is_error(result.get()) || !answer->ok()) continue;
    if (!has_state(result.get())) {
      *answer = broken(false);
      return false;
    }
    *answer = refusal(result.get());
    answer->done_before = *done;
  }
}

Answer Connection::copy(const std::string& sql, std::string_view data,
                        Deadline deadline) {
  wire_.begin(deadline);
  Answer answer;
  if (PQsendQuery(connection_, sql.c_str()) != 1 || !wire_.send_all()) {
    return broken(false);
  }
  int done = 0;
  if (!wait_for_copy(&answer, &done)) return answer;
  // Without the end of the data, the server forgets what it got.
  if (!put(data)) return broken(false);
  const bool sent = PQputCopyEnd(connection_, nullptr) == 1;
  answer = finish(sent, nullptr);
  answer.done_before = done;
  return answer;
}

}  // namespace stogger
