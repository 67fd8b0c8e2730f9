#include "sinks/postgres/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>

namespace stogger {
namespace {

using Steady = std::chrono::steady_clock;

// What is handed over at once has fewer.
constexpr int kMostRecords = 1000;
// A statement of this library has fewer, whatever comes of it.
constexpr int kMostResults = 64;

bool is_expected(ExecStatusType status) noexcept {
  switch (status) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:
    case PGRES_COPY_IN:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool has_unread(PGconn* connection) noexcept {
  int bytes = 0;
  return ::ioctl(PQsocket(connection), FIONREAD, &bytes) == 0 && bytes > 0;
}

void Wire::begin(Deadline deadline) noexcept {
  deadline_ = deadline;
  trouble_ = Trouble::none;
  results_ = 0;
  received_ = 0;
}

bool Wire::fail(Trouble trouble) noexcept {
  trouble_ = trouble;
  return false;
}

bool Wire::wait(short events) noexcept {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Steady::now());
    if (left.count() <= 0) return fail(Trouble::late);
    pollfd waiting = {pump_.socket(), events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return fail(Trouble::broken);
  }
}

// Nobody listens to them, but a server may send them all the same, and libpq
// keeps them.
void Wire::drop_notifications() noexcept {
  while (PGnotify* notification = PQnotifies(connection_)) {
    PQfreemem(notification);
  }
}

bool Wire::count(std::size_t bytes) noexcept {
  received_ += bytes;
  in_all_ += bytes;
  return received_ <= kMostOfAnswer || fail(Trouble::flood);
}

bool Wire::receive() noexcept {
  const std::string_view bytes = pump_.pull();
  return count(bytes.size()) && take_in(bytes);
}

bool Wire::take_in(std::string_view bytes) noexcept {
  if (!pump_.hand_over(bytes)) return fail(Trouble::broken);
  // One read takes all, but of TLS it takes one record.
  for (int i = 0; i < kMostRecords; ++i) {
    if (PQconsumeInput(connection_) == 0) return fail(Trouble::broken);
    if (PQsslInUse(connection_) == 0 || !has_unread(connection_)) return true;
  }
  return fail(Trouble::unknown);
}

bool Wire::send_all() noexcept {
  for (;;) {
    const int left = PQflush(connection_);
    if (left < 0 || !pump_.push()) return fail(Trouble::broken);
    if (pump_.has_rest()) {
      if (!wait(POLLIN | POLLOUT) || !receive()) return false;
    } else if (left == 0) {
      return true;
    }
  }
}

bool Wire::ask(std::string_view request, std::string_view* reply) noexcept {
  if (!pump_.send(request)) return fail(Trouble::broken);
  while (pump_.has_rest()) {
    if (!wait(POLLOUT)) return false;
    if (!pump_.send_rest()) return fail(Trouble::broken);
  }
  if (!wait(POLLIN)) return false;
  *reply = pump_.pull();
  return count(reply->size());
}

bool Wire::hand_over(std::string_view reply) noexcept {
  for (;;) {
    const int left = PQflush(connection_);
    pump_.discard();
    if (left < 0) return fail(Trouble::broken);
    if (left == 0) return take_in(reply);
  }
}

bool Wire::next_result(ResultPtr* result) noexcept {
  if (++results_ > kMostResults) return fail(Trouble::unknown);
  while (PQisBusy(connection_) == 1) {
    drop_notifications();
    if (!wait(POLLIN) || !receive()) return false;
  }
  result->reset(PQgetResult(connection_));
  drop_notifications();
  // libpq gives some of the others again and again, without an end.
  if (*result != nullptr && !is_expected(PQresultStatus(result->get()))) {
    return fail(Trouble::unknown);
  }
  return true;
}

bool Wire::is_quiet() noexcept {
  constexpr int kMostReads = 100;
  begin(Deadline());
  if (in_all_ > kMostOfConnection) return false;
  for (int i = 0; i < kMostReads; ++i) {
    pollfd waiting = {pump_.socket(), POLLIN | POLLRDHUP, 0};
    const int ready = ::poll(&waiting, 1, 0);
    if (ready == 0) return PQstatus(connection_) == CONNECTION_OK;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || !receive()) return false;
    // Takes it apart; else it would be kept.
    if (PQisBusy(connection_) == 1) return false;
    drop_notifications();
    if (PQstatus(connection_) != CONNECTION_OK) return false;
  }
  return false;
}

}  // namespace stogger
