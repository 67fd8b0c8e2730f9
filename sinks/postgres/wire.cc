#include "sinks/postgres/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>

namespace stogger {
namespace {

using Steady = std::chrono::steady_clock;

// libpq has room for that much before each read.
constexpr std::size_t kLeastRead = 8192;
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

std::size_t readable_bytes(int socket) noexcept {
  int bytes = 0;
  return ::ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0
             ? static_cast<std::size_t>(bytes)
             : 0;
}

std::size_t bytes_taken(int socket, std::size_t before) noexcept {
  if (before <= kLeastRead) return before;
  const std::size_t after = readable_bytes(socket);
  return std::max(before - std::min(before, after), kLeastRead);
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
    pollfd waiting = {PQsocket(connection_), events, 0};
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

// After a read.
bool Wire::count(std::size_t before) noexcept {
  const std::size_t taken = bytes_taken(PQsocket(connection_), before);
  received_ += taken;
  in_all_ += taken;
  return received_ <= kMostOfAnswer || fail(Trouble::flood);
}

bool Wire::receive() noexcept {
  const std::size_t before = readable_bytes(PQsocket(connection_));
  if (PQconsumeInput(connection_) == 0) return fail(Trouble::broken);
  return count(before);
}

bool Wire::send_all() noexcept {
  int left = PQflush(connection_);
  while (left > 0) {
    if (!wait(POLLIN | POLLOUT) || !receive()) return false;
    // It reads, too, if it cannot write.
    const std::size_t before = readable_bytes(PQsocket(connection_));
    left = PQflush(connection_);
    if (!count(before)) return false;
  }
  return left == 0 || fail(Trouble::broken);
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
    pollfd waiting = {PQsocket(connection_), POLLIN | POLLRDHUP, 0};
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
