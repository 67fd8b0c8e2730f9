#include "sinks/postgres/establish.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/quote.h"
#include "base/utf8.h"
#include "os/descriptor.h"
#include "sinks/postgres/reply.h"
#include "sinks/postgres/session.h"
#include "sinks/postgres/start_guard.h"
#include "sinks/postgres/tls.h"
#include "sinks/postgres/wire.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

bool is_numeric(const std::string& name) noexcept {
  unsigned char address[16];
  return ::inet_pton(AF_INET, name.c_str(), address) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), address) == 1;
}

// What libpq says may have several lines, and begins with what the line that
// tells of it says already.
std::string in_one_line(const char* message) {
  constexpr std::size_t kMostText = 1024;
  std::string text(utf8_prefix(message == nullptr ? "" : message, kMostText));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; },
      ' ');
  return text;
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

std::vector<PostgresTarget> find_targets(const PostgresSettings& settings,
                                         std::size_t host, Status* status) {
  const PostgresHost& where = settings.hosts[host];
  const bool is_folder =
      where.name.starts_with('/') || where.name.starts_with('@');
  if (!where.address.empty()) return {{host, where.address}};
  if (where.name.empty() || is_folder || is_numeric(where.name)) {
    return {{host, ""}};
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  occupy_standard_streams();
  const int error = ::getaddrinfo(where.name.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    *status = Status(Code::unavailable, "cannot find the address of " +
                                            quoted(where.name) + ": " +
                                            ::gai_strerror(error));
    return {};
  }
  std::vector<PostgresTarget> targets;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    char numeric[NI_MAXHOST];
    if (::getnameinfo(it->ai_addr, it->ai_addrlen, numeric, sizeof(numeric),
                      nullptr, 0, NI_NUMERICHOST) == 0) {
      targets.push_back({host, numeric});
    }
  }
  ::freeaddrinfo(found);
  return targets;
}

namespace {

// One attempt.
class Attempt {
 public:
  Attempt(const PostgresSettings& settings, const PostgresTarget& target,
          const Interrupt& interrupt)
      : settings_(settings), target_(target), interrupt_(interrupt) {}
  ~Attempt() { PQfinish(connection_); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  std::unique_ptr<Connection> run(bool with_options, Status* status) {
    *status = start(with_options);
    const Deadline deadline = Steady::now() + settings_.connect_timeout;
    while (status->ok()) {
      if (state_ == PGRES_POLLING_OK) {
        return std::make_unique<Connection>(std::exchange(connection_, nullptr),
                                            std::move(pump_));
      }
      *status = step(deadline);
    }
    return nullptr;
  }

 private:
  Status start(bool with_options);
  Status step(Deadline deadline);
  Status wait(Deadline deadline, bool* is_ready) const;
  Status receive();
  Status look_into_tls();
  Status judge(StartGuard::Verdict verdict) const;
  Status let_libpq_work();
  Status failed(std::string_view why) const {
    return Status(Code::unavailable, why);
  }
  bool forbids_clear_password() const;
  bool is_attached() const noexcept {
    return pump_->is_attached(PQsocket(connection_));
  }

  const PostgresSettings& settings_;
  const PostgresTarget& target_;
  const Interrupt& interrupt_;
  PGconn* connection_ = nullptr;
  std::unique_ptr<Pump> pump_ = std::make_unique<Pump>();
  StartGuard guard_;
  StartGuard tls_guard_;  // of what comes within TLS
  TlsPeek tls_;
  PostgresPollingStatusType state_ = PGRES_POLLING_WRITING;
  std::size_t received_ = 0;
};

Status Attempt::start(bool with_options) {
  const PostgresHost& where = settings_.hosts[target_.host];
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const std::string& value) {
    if (value.empty()) return;
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  };
  const std::string options =
      with_options ? startup_options(settings_) : std::string();
  for (const auto& [keyword, value] : settings_.parameters) {
    add(keyword.c_str(), value);
  }
  add("host", where.name);
  add("hostaddr", target_.address);
  add("port", where.port);
  add("options", options);
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  occupy_standard_streams();
  connection_ = PQconnectStartParams(keywords.data(), values.data(), 0);
  if (connection_ == nullptr) return failed("there is no memory");
  PQsetNoticeReceiver(connection_, &ignore_notice, nullptr);
  // Otherwise libpq would wait for a server that does not read.
  PQsetnonblocking(connection_, 1);
  return {};
}

Status Attempt::step(Deadline deadline) {
  if (PQstatus(connection_) == CONNECTION_BAD ||
      state_ == PGRES_POLLING_FAILED) {
    return failed(in_one_line(PQerrorMessage(connection_)));
  }
  // From the first read on; before, libpq may look at its peer.
  if (state_ == PGRES_POLLING_READING && !is_attached()) {
    guard_ = tls_guard_ = StartGuard();
    tls_ = TlsPeek();
    if (!pump_->attach(PQsocket(connection_))) {
      return failed(std::string("cannot make a pair of sockets: ") +
                    std::strerror(errno));
    }
  }
  bool is_ready = false;
  Status status = wait(deadline, &is_ready);
  if (!status.ok() || !is_ready) return status;
  if (is_attached()) {
    status = receive();
    if (!status.ok()) return status;
  }
  status = look_into_tls();
  return status.ok() ? let_libpq_work() : status;
}

Status Attempt::let_libpq_work() {
  // It may open another socket. What a program prints, with its standard
  // streams closed, must not reach a server.
  occupy_standard_streams();
  interrupt_.computing.store(true, std::memory_order_release);
  state_ = PQconnectPoll(connection_);
  interrupt_.computing.store(false, std::memory_order_release);
  const int socket = PQsocket(connection_);
  if (socket >= 0 && socket <= STDERR_FILENO) {
    return failed(
        "a standard stream is closed, and /dev/null cannot take its place");
  }
  tls_.note_read(connection_);
  if (is_attached() && !pump_->push()) return failed("the connection was lost");
  return {};
}

// libpq would hash a password as often as the server says.
Status Attempt::look_into_tls() {
  const ConnStatusType phase = PQstatus(connection_);
  if (state_ != PGRES_POLLING_READING || PQsslInUse(connection_) == 0 ||
      (phase != CONNECTION_AWAITING_RESPONSE && phase != CONNECTION_AUTH_OK)) {
    return {};
  }
  const std::string_view bytes = tls_.look(connection_);
  if (!tls_.error().empty()) {
    return failed("SSL error: " + std::string(tls_.error()));
  }
  return judge(tls_guard_.check(bytes, false, false));
}

Status Attempt::wait(Deadline deadline, bool* is_ready) const {
  const auto left =
      std::chrono::ceil<milliseconds>(deadline - Steady::now()).count();
  if (left <= 0) {
    return failed("no answer within " +
                  std::to_string(settings_.connect_timeout.count()) +
                  " ms (connect_timeout_ms)");
  }
  const bool attached = is_attached();
  short events = state_ == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  if (attached && pump_->has_rest()) events = POLLIN | POLLOUT;
  pollfd waiting[] = {
      {attached ? pump_->socket() : PQsocket(connection_), events, 0},
      {interrupt_.wake, POLLIN, 0}};
  // Of TLS, libpq reads one record at a time.
  const bool unread = attached && has_unread(connection_);
  ::poll(waiting, 2, unread ? 0 : static_cast<int>(left));
  if (interrupt_.stopping.load(std::memory_order_acquire)) {
    return failed("stopped");
  }
  if (waiting[1].revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got =
        ::read(interrupt_.wake, &count, sizeof(count));
  }
  *is_ready = unread || waiting[0].revents != 0;
  return {};
}

// Hands to libpq what it may have.
Status Attempt::receive() {
  if (state_ != PGRES_POLLING_READING || has_unread(connection_)) return {};
  const std::string_view bytes = pump_->pull();
  received_ += bytes.size();
  if (received_ > kMostAtStart) {
    return failed("the server sent more than 64 KiB at the start");
  }
  const ConnStatusType phase = PQstatus(connection_);
  const bool negotiates =
      phase == CONNECTION_SSL_STARTUP || phase == CONNECTION_GSS_STARTUP;
  Status status =
      judge(guard_.check(bytes, negotiates, forbids_clear_password()));
  if (!status.ok()) return status;
  if (!pump_->hand_over(bytes)) return failed("the connection was lost");
  return {};
}

Status Attempt::judge(StartGuard::Verdict verdict) const {
  switch (verdict) {
    case StartGuard::Verdict::fine:
      break;
    case StartGuard::Verdict::wants_clear_password:
      return failed(
          "the server wants the password as it is, and the connection is not "
          "encrypted: let it use scram-sha-256 in pg_hba.conf, or set "
          "sslmode=verify-full (sslmode=disable allows it)");
    case StartGuard::Verdict::wants_many_rounds:
      return failed(
          "the server wants the password hashed more than a million "
          "times");
    case StartGuard::Verdict::unknown:
      return unknown_answer();
  }
  return {};
}

// Over a network, and where anybody may listen, unless it is asked for.
bool Attempt::forbids_clear_password() const {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  ::getsockname(pump_->socket(), reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family != AF_UNIX && settings_.sslmode != "disable";
}

}  // namespace

std::unique_ptr<Connection> establish(const PostgresSettings& settings,
                                      const PostgresTarget& target,
                                      bool with_options,
                                      const Interrupt& interrupt,
                                      Status* status) {
  return Attempt(settings, target, interrupt).run(with_options, status);
}

}  // namespace stogger
