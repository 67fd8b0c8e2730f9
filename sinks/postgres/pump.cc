#include "sinks/postgres/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "os/descriptor.h"

namespace stogger {
namespace {

bool is_for_later(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK;
}

// -1 with errno; repeated if a signal came in between.
ssize_t receive(int socket, char* data, std::size_t size) noexcept {
  ssize_t count = 0;
  do {
    count = ::recv(socket, data, size, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  return count;
}

ssize_t send_some(int socket, std::string_view bytes) noexcept {
  ssize_t count = 0;
  do {
    count =
        ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return count;
}

void close_one(int* descriptor) noexcept {
  if (*descriptor >= 0) ::close(*descriptor);
  *descriptor = -1;
}

}  // namespace

bool Pump::attach(int socket) noexcept {
  close();
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair) != 0) {
    return false;
  }
  server_ = ::fcntl(socket, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  inner_ = above_standard_streams(pair[0]);
  const bool fine =
      server_ >= 0 && inner_ >= 0 && ::dup3(pair[1], socket, O_CLOEXEC) >= 0;
  ::close(pair[1]);
  if (!fine) {
    close_one(&server_);
    close_one(&inner_);
  }
  return fine;
}

// The ends of a pair have no name; servers have one.
bool Pump::is_attached(int socket) const noexcept {
  if (inner_ < 0 || socket < 0) return false;
  sockaddr peer = {};
  socklen_t size = sizeof peer;
  return ::getpeername(socket, &peer, &size) == 0 &&
         peer.sa_family == AF_UNIX && size == sizeof(sa_family_t);
}

bool Pump::send_rest() noexcept {
  while (!rest_.empty()) {
    const ssize_t count = send_some(server_, rest_);
    if (count < 0) return is_for_later(errno);
    rest_.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool Pump::send(std::string_view bytes) noexcept {
  rest_ = bytes;
  return send_rest();
}

void Pump::discard() noexcept {
  while (receive(inner_, outgoing_.data(), outgoing_.size()) > 0) {
  }
}

bool Pump::push() noexcept {
  bool is_drained = false;
  for (;;) {
    if (!send_rest()) return false;
    if (is_drained || has_rest()) return true;
    const ssize_t count = receive(inner_, outgoing_.data(), outgoing_.size());
    if (count <= 0) return count == 0 || is_for_later(errno);
    rest_ = {outgoing_.data(), static_cast<std::size_t>(count)};
    is_drained = rest_.size() < outgoing_.size();
  }
}

std::string_view Pump::pull() noexcept {
  const ssize_t count = receive(server_, incoming_.data(), incoming_.size());
  if (count > 0) return {incoming_.data(), static_cast<std::size_t>(count)};
  if (count == 0 || !is_for_later(errno)) ::shutdown(inner_, SHUT_WR);
  return {};
}

bool Pump::hand_over(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = send_some(inner_, bytes);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void Pump::close() noexcept {
  if (server_ >= 0 && inner_ >= 0) push();
  close_one(&server_);
  close_one(&inner_);
  rest_ = {};
}

void Pump::abandon(int socket) noexcept {
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return;
  for (const int descriptor : {socket, server_, inner_}) {
    if (descriptor >= 0) ::dup3(nowhere, descriptor, O_CLOEXEC);
  }
  ::close(nowhere);
}

}  // namespace stogger
