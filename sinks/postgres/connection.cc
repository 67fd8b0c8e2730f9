#include "sinks/postgres/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace stogger {
namespace {

using Steady = std::chrono::steady_clock;

// What libpq is handed of a COPY at a time: it would take all of it into its
// own memory if the server does not read.
constexpr std::size_t kCopyChunk = 64 * 1024;

constexpr int kBinary = 1;

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

Answer refusal(const PGresult* result) {
  Answer answer;
  answer.kind = Answer::Kind::refused;
  answer.sqlstate = text_of(PQresultErrorField(result, PG_DIAG_SQLSTATE));
  answer.message = text_of(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  answer.context = text_of(PQresultErrorField(result, PG_DIAG_CONTEXT));
  answer.constraint =
      text_of(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
  if (const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT)) {
    (answer.message += "; ") += detail;
  }
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

}  // namespace

Connection::Connection(PGconn* connection) noexcept : connection_(connection) {
  PQsetnonblocking(connection_, 1);
}

// PQfinish() does not wait, for the connection is non-blocking.
Connection::~Connection() {
  if (connection_ != nullptr) PQfinish(connection_);
}

void Connection::abandon() noexcept {
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere >= 0) {
    ::dup3(nowhere, socket(), O_CLOEXEC);
    ::close(nowhere);
  }
}

bool Connection::is_alive() noexcept {
  // What the server says of its own accord is read until there is no more.
  for (int i = 0; i < 100; ++i) {
    pollfd waiting = {socket(), POLLIN | POLLRDHUP, 0};
    const int ready = ::poll(&waiting, 1, 0);
    if (ready == 0) return PQstatus(connection_) == CONNECTION_OK;
    if (ready < 0 && errno != EINTR) return false;
    if (PQconsumeInput(connection_) == 0 ||
        PQstatus(connection_) != CONNECTION_OK) {
      return false;
    }
  }
  return false;
}

// False if the deadline passed.
bool Connection::wait(short events, Deadline deadline, bool* late) noexcept {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now());
    if (left.count() <= 0) {
      *late = true;
      return false;
    }
    pollfd waiting = {socket(), events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// Hands everything to the kernel. Reads meanwhile, lest both sides wait for
// each other.
bool Connection::send_all(Deadline deadline, bool* late) noexcept {
  for (;;) {
    const int left = PQflush(connection_);
    if (left == 0) return true;
    if (left < 0 || !wait(POLLIN | POLLOUT, deadline, late)) return false;
    if (PQconsumeInput(connection_) == 0) return false;
  }
}

// False if the connection broke or the deadline passed; a null result is the
// end of a statement's results.
bool Connection::next_result(Deadline deadline, ResultPtr* result,
                             bool* late) noexcept {
  while (PQisBusy(connection_) == 1) {
    if (!wait(POLLIN, deadline, late)) return false;
    if (PQconsumeInput(connection_) == 0) return false;
  }
  result->reset(PQgetResult(connection_));
  return true;
}

Answer Connection::broken(bool sent, bool late) const {
  Answer answer;
  answer.kind = sent ? Answer::Kind::in_doubt : Answer::Kind::lost;
  answer.late = late;
  answer.message =
      late ? "the server did not answer in time" : "the connection was lost";
  return answer;
}

// Sends what is queued and reads all results of the statement.
Answer Connection::finish(bool sent, Deadline deadline, ResultPtr* last) {
  bool late = false;
  Answer answer;
  // Some of it may have left, and it is one small message mostly.
  if (!sent || !send_all(deadline, &late)) return broken(sent, late);
  for (;;) {
    ResultPtr result;
    if (!next_result(deadline, &result, &late)) {
      return answer.ok() ? broken(true, late) : answer;
    }
    if (result == nullptr) break;
    if (is_error(result.get())) {
      const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      // libpq makes errors of its own when the connection breaks.
      if (state == nullptr) return answer.ok() ? broken(true, false) : answer;
      if (answer.ok()) answer = refusal(result.get());
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
      read_tag(result.get(), &answer);
    }
    if (last != nullptr) *last = std::move(result);
  }
  // The server may report an error and be gone.
  return answer;
}

Answer Connection::run(const std::string& sql, const Parameters& parameters,
                       Deadline deadline, ResultPtr* result) {
  const bool sent =
      PQsendQueryParams(connection_, sql.c_str(),
                        static_cast<int>(parameters.count), parameters.types,
                        parameters.values, parameters.lengths,
                        parameters.formats, 0) == 1;
  return finish(sent, deadline, result);
}

Answer Connection::run_all(const std::string& sql, Deadline deadline) {
  return finish(PQsendQuery(connection_, sql.c_str()) == 1, deadline, nullptr);
}

Answer Connection::prepare(const std::string& name, const std::string& sql,
                           const std::vector<Oid>& types, Deadline deadline) {
  const bool sent =
      PQsendPrepare(connection_, name.c_str(), sql.c_str(),
                    static_cast<int>(types.size()), types.data()) == 1;
  return finish(sent, deadline, nullptr);
}

Answer Connection::run_prepared(const std::string& name,
                                const Parameters& parameters,
                                Deadline deadline) {
  const bool sent =
      PQsendQueryPrepared(connection_, name.c_str(),
                          static_cast<int>(parameters.count), parameters.values,
                          parameters.lengths, parameters.formats, kBinary) == 1;
  return finish(sent, deadline, nullptr);
}

Answer Connection::run_with(const std::string& settings, const std::string& sql,
                            const Parameters& parameters, Deadline deadline) {
  const bool sent =
      PQenterPipelineMode(connection_) == 1 &&
      PQsendQueryParams(connection_, settings.c_str(), 0, nullptr, nullptr,
                        nullptr, nullptr, kBinary) == 1 &&
      PQsendQueryParams(connection_, sql.c_str(),
                        static_cast<int>(parameters.count), parameters.types,
                        parameters.values, parameters.lengths,
                        parameters.formats, kBinary) == 1 &&
      PQpipelineSync(connection_) == 1;
  bool late = false;
  if (!sent || !send_all(deadline, &late)) return broken(sent, late);
  Answer answer;
  // The results of both, each with a null result after it, and the sync.
  for (;;) {
    ResultPtr result;
    if (!next_result(deadline, &result, &late)) return broken(true, late);
    if (result == nullptr) {
      if (PQstatus(connection_) != CONNECTION_OK) return broken(true, false);
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
      read_tag(result.get(), &answer);
    }
    if (!is_error(result.get()) || !answer.ok()) continue;
    if (PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) == nullptr) {
      return broken(true, false);
    }
    answer = refusal(result.get());
  }
  // Not left if there is something unread, which would be of no use later.
  if (PQexitPipelineMode(connection_) != 1) return broken(true, false);
  return answer;
}

bool Connection::put(std::string_view data, Deadline deadline, bool* late) {
  while (!data.empty()) {
    const std::string_view chunk =
        data.substr(0, std::min(data.size(), kCopyChunk));
    if (PQputCopyData(connection_, chunk.data(),
                      static_cast<int>(chunk.size())) != 1 ||
        !send_all(deadline, late)) {
      return false;
    }
    data.remove_prefix(chunk.size());
  }
  return true;
}

// Reads up to where the server asks for the data.
bool Connection::wait_for_copy(Deadline deadline, Answer* answer) {
  bool late = false;
  for (;;) {
    ResultPtr result;
    if (!next_result(deadline, &result, &late)) {
      if (answer->ok()) *answer = broken(false, late);
      return false;
    }
    if (result == nullptr) {
      if (answer->ok()) *answer = broken(false, false);
      return false;
    }
    if (PQresultStatus(result.get()) == PGRES_COPY_IN) return true;
    if (!is_error(result.get()) || !answer->ok()) continue;
    if (PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) == nullptr) {
      *answer = broken(false, false);
      return false;
    }
    *answer = refusal(result.get());
  }
}

Answer Connection::copy(const std::string& sql, std::string_view data,
                        Deadline deadline) {
  Answer answer;
  bool late = false;
  if (PQsendQuery(connection_, sql.c_str()) != 1 ||
      !send_all(deadline, &late)) {
    return broken(false, late);
  }
  if (!wait_for_copy(deadline, &answer)) return answer;
  // Without the end of the data, the server forgets what it got.
  if (!put(data, deadline, &late)) return broken(false, late);
  const bool sent = PQputCopyEnd(connection_, nullptr) == 1;
  return finish(sent, deadline, nullptr);
}

}  // namespace stogger
