#include "tests/postgres/fake_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "tests/postgres/frames.h"

namespace stogger {
namespace {

constexpr int kMoment = 20;  // milliseconds
// No test needs more; a client that takes it has failed.
constexpr std::size_t kMostSent = 512 * 1024 * 1024;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::runtime_error("the path of the socket is too long: " + path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

std::uint32_t number_at(const std::string& text, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(text[i]);
  }
  return number;
}

// Reads what is there. False at the end.
bool read_more(int socket, std::string* text) {
  char buffer[65536];
  const ssize_t size = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
  if (size > 0) text->append(buffer, static_cast<std::size_t>(size));
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

// False if nothing can be read for a moment.
bool has_input(int socket) {
  pollfd waiting = {socket, POLLIN, 0};
  return ::poll(&waiting, 1, kMoment) > 0;
}

}  // namespace

// ---- Listener

Listener::Listener(const std::string& folder)
    : socket_(::socket(folder.empty() ? AF_INET : AF_UNIX,
                       SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  bool fine = socket_ >= 0;
  if (folder.empty()) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    fine = fine && ::bind(socket_, any, size) == 0 &&
           ::getsockname(socket_, any, &size) == 0;
    port_ = ntohs(address.sin_port);
  } else {
    const sockaddr_un address = address_of(folder + "/.s.PGSQL.5432");
    fine = fine && ::bind(socket_, reinterpret_cast<const sockaddr*>(&address),
                          sizeof address) == 0;
  }
  if (!fine || ::listen(socket_, 16) != 0) {
    throw std::runtime_error(std::string("cannot listen: ") +
                             std::strerror(errno));
  }
}

Listener::~Listener() { ::close(socket_); }

int Listener::accept() const {
  if (!has_input(socket_)) return -1;
  return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
}

// ---- FakeServer

FakeServer::FakeServer(Script script, Way way)
    : script_(std::move(script)),
      way_(way),
      listener_(way == Way::tcp ? "" : folder_.path()),
      thread_([this] { serve(); }) {}

FakeServer::~FakeServer() {
  stopping_ = true;
  thread_.join();
}

std::string FakeServer::dsn(std::string_view more) const {
  const std::string host = way_ == Way::tcp ? "127.0.0.1" : folder_.path();
  return "host=" + host + " port=" + std::to_string(port()) +
         " user=someone dbname=logs " + std::string(more);
}

std::string FakeServer::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

void FakeServer::serve() {
  while (!stopping_) {
    const int socket = listener_.accept();
    if (socket < 0) continue;
    const int connection = connections_++;
    talks_.emplace_back([this, socket, connection] {
      talk(socket, connection);
      ::close(socket);
    });
  }
  for (std::thread& talk : talks_) talk.join();
}

void FakeServer::talk(int socket, int connection) {
  std::string input;
  bool is_started = false;
  std::size_t taken = 0;
  for (Turn turn = {connection, 0}; !stopping_;) {
    if (!take_turn(socket, &input, &is_started)) {
      if (!has_input(socket)) continue;
      std::string more;
      if (!read_more(socket, &more)) return;
      input += more;
      const std::lock_guard lock(mutex_);
      heard_ += more;
      continue;
    }
    if (!perform(socket, script_(turn), &taken)) return;
    ++turn.number;
  }
}

// Takes the messages up to the end of a turn. False if it is not there yet.
bool FakeServer::take_turn(int socket, std::string* input, bool* is_started) {
  constexpr std::uint32_t kEncrypt[] = {80877103, 80877104};
  if (!*is_started) {
    if (input->size() < 8 || input->size() < number_at(*input, 0)) return false;
    const std::uint32_t code = number_at(*input, 4);
    input->erase(0, number_at(*input, 0));
    if (code == kEncrypt[0] || code == kEncrypt[1]) {
      static_cast<void>(::send(socket, "N", 1, MSG_NOSIGNAL));
      return false;
    }
    return *is_started = true;
  }
  while (input->size() >= 5) {
    const std::size_t size = std::size_t{1} + number_at(*input, 1);
    if (input->size() < size) return false;
    const char type = (*input)[0];
    input->erase(0, size);
    if (std::string_view("QScfp").find(type) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

// False if the connection is to be closed.
bool FakeServer::perform(int socket, const Play& play, std::size_t* taken) {
  const std::size_t piece = play.piece == 0 ? play.bytes.size() : play.piece;
  for (std::size_t at = 0; at < play.bytes.size() && !stopping_; at += piece) {
    if (!send(socket, std::string_view(play.bytes).substr(at, piece), taken)) {
      return false;
    }
    if (play.pause.count() > 0) std::this_thread::sleep_for(play.pause);
  }
  if (!play.endless.empty()) {
    // In large pieces, so that it is quick.
    std::string many = play.endless;
    while (many.size() < 65536) many += play.endless;
    while (!stopping_ && *taken < kMostSent) {
      if (!send(socket, many, taken)) return false;
    }
  }
  return !play.closes;
}

bool FakeServer::send(int socket, std::string_view bytes, std::size_t* taken) {
  while (!bytes.empty() && !stopping_) {
    const ssize_t size =
        ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (size < 0) {
      pollfd waiting = {socket, POLLOUT, 0};
      ::poll(&waiting, 1, kMoment);
      continue;
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
    *taken += static_cast<std::size_t>(size);
    std::size_t most = most_taken_;
    while (most < *taken && !most_taken_.compare_exchange_weak(most, *taken)) {
    }
  }
  return !stopping_;
}

// ---- Recorder

Recorder::Recorder(std::string server_folder, int server_port)
    : server_(std::move(server_folder) + "/.s.PGSQL." +
              std::to_string(server_port)),
      listener_(folder_.path()),
      thread_([this] { relay(); }) {}

Recorder::~Recorder() {
  if (thread_.joinable()) thread_.join();
}

std::string Recorder::dsn() const {
  return "host=" + folder_.path() + " user=postgres dbname=postgres";
}

void Recorder::relay() {
  int client = -1;
  for (int i = 0; i < 500 && client < 0; ++i) client = listener_.accept();
  if (client < 0) return;
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(server_);
  bool fine = ::connect(server, reinterpret_cast<const sockaddr*>(&address),
                        sizeof address) == 0;
  while (fine) {
    pollfd waiting[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    ::poll(waiting, 2, -1);
    const bool from_client = waiting[0].revents != 0;
    std::string text;
    fine = read_more(from_client ? client : server, &text);
    if (!from_client) said_ += text;
    static_cast<void>(::send(from_client ? server : client, text.data(),
                             text.size(), MSG_NOSIGNAL));
  }
  ::close(server);
  ::close(client);
}

std::vector<std::string> Recorder::turns() {
  thread_.join();
  std::vector<std::string> turns(1);
  for (const std::string& message : frames::split(said_)) {
    turns.back() += message;
    if (message[0] == 'Z' || message[0] == 'G') turns.emplace_back();
  }
  turns.pop_back();
  return turns;
}

}  // namespace stogger
