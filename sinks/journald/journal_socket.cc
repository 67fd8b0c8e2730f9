#include "sinks/journald/journal_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "os/descriptor.h"
#include "os/file.h"

namespace stogger {
namespace {

// Room for a burst that journald is slow to take. The kernel grants less if
// net.core.wmem_max is less.
constexpr int kSendBuffer = 8 * 1024 * 1024;

bool is_disconnected(int error) noexcept {
  return error == ECONNREFUSED || error == ECONNRESET || error == ENOTCONN ||
         error == EPIPE;
}

Status unavailable(const std::string& what, std::string_view remedy) {
  return Status(Code::unavailable, what + "; " + std::string(remedy));
}

Status too_long() {
  return unavailable("cannot send: the journal took nothing for 250 ms",
                     "is systemd-journald stopped or overloaded?");
}

// A file in memory, sealed: journald takes it as it is only if nobody can
// change it any more.
class MemoryFile {
 public:
  MemoryFile() noexcept
      : descriptor_(
            ::memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {}
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const noexcept { return descriptor_; }

  // To be called first. On failure the entry is at fault: smaller ones can do
  // without.
  Status fill(std::string_view bytes) {
    if (descriptor_ < 0) return failed(bytes, error_advice(errno));
    File file;
    file.borrow(descriptor_);
    std::size_t written = 0;
    const Status status = file.write(bytes, &written);
    if (!status.ok()) return failed(bytes, status.message());
    constexpr int kSeals =
        F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (::fcntl(descriptor_, F_ADD_SEALS, kSeals) != 0) {
      return failed(bytes, error_text(errno));
    }
    return {};
  }

 private:
  static Status failed(std::string_view bytes, std::string_view why) {
    return Status(Code::rejected, "cannot send an entry of " +
                                      std::to_string(bytes.size()) +
                                      " bytes as a memfd: " + std::string(why));
  }

  const int descriptor_;
};

}  // namespace

Status JournalSocket::open() {
  if (is_open()) return {};
  if (const int error = connect(); error != 0) return connect_failure(error);
  if (!stalled_ || is_writable()) return {};
  close();
  return too_long();
}

void JournalSocket::close() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

Status JournalSocket::send(std::string_view entry) {
  if (!is_open()) {
    return Status(Code::unavailable, "cannot send: the sink is not open");
  }
  Patience patience(false);  // of one entry, from its first wait on
  iovec bytes = {const_cast<char*>(entry.data()), entry.size()};
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  const int error = send(message, &patience);
  if (error != EMSGSIZE && error != ENOBUFS) return sent(error);
  MemoryFile memory;
  Status status = memory.fill(entry);
  if (!status.ok()) return status;
  return sent(send_descriptor(memory.descriptor(), &patience));
}

int JournalSocket::connect() noexcept {
  close();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(),
              std::min(path_.size(), sizeof address.sun_path - 1));
  socket_ =
      above_standard_streams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket_ < 0) return errno;
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &kSendBuffer,
               sizeof kSendBuffer);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address),
                sizeof address) == 0) {
    return 0;
  }
  const int error = errno;
  close();
  return error;
}

int JournalSocket::send(const msghdr& message, Patience* patience) noexcept {
  bool reconnected = false;
  while (::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    const int error = errno;
    if (error == EAGAIN) {
      if (!patience->wait_writable(socket_)) return EAGAIN;
    } else if (is_disconnected(error) && !reconnected) {
      reconnected = true;
      if (connect() != 0) return error;
    } else if (error != EINTR) {
      return error;
    }
  }
  return 0;
}

int JournalSocket::send_descriptor(int descriptor,
                                   Patience* patience) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message = {};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return send(message, patience);
}

bool JournalSocket::is_writable() const noexcept {
  pollfd entry = {socket_, POLLOUT, 0};
  return ::poll(&entry, 1, 0) > 0;
}

Status JournalSocket::sent(int error) {
  stalled_ = error == EAGAIN;
  if (error == 0) return {};
  if (stalled_) return too_long();
  if (is_disconnected(error)) return connect_failure(error);
  return Status(Code::unavailable, "cannot send: " + error_advice(error));
}

Status JournalSocket::connect_failure(int error) const {
  const std::string what = "cannot connect: " + error_text(error);
  struct stat info;
  if (error == EPROTOTYPE ||
      (::stat(path_.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode))) {
    return unavailable(what, "name the datagram socket of systemd-journald");
  }
  if (error == ENOENT || is_disconnected(error)) {
    return unavailable(what, "is systemd-journald running?");
  }
  return Status(Code::unavailable, "cannot connect: " + error_advice(error));
}

}  // namespace stogger
