#include "sinks/postgres/connector.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "os/descriptor.h"
#include "os/signals.h"
#include "sinks/postgres/establish.h"
#include "sinks/postgres/tls.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kFirstBackoff(100);
// For a thread that is not in the middle of a name look-up, ample.
constexpr milliseconds kStopWait(250);
// The same for one that computes, on a machine with other things to do. If the
// program has used OpenSSL before this module did, OpenSSL takes itself apart
// at exit: see tls.h.
constexpr milliseconds kComputeWait(1000);

// Between half of it and one and a half, so that not all clients of a server
// that comes back come at once.
milliseconds spread(milliseconds time) {
  static thread_local std::minstd_rand random(std::random_device{}());
  return milliseconds(std::uniform_int_distribution<milliseconds::rep>(
      time.count() / 2, time.count() * 3 / 2)(random));
}

}  // namespace

Connector::Connector(PostgresSettings settings)
    : settings_(std::move(settings)) {}

Connector::~Connector() {
  if (wake_ >= 0) ::close(wake_);
}

Status Connector::start() {
  process_ = ::getpid();
  keep_tls_until_the_end();
  wake_ = above_standard_streams(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake_ < 0) {
    return Status(Code::unavailable, "cannot make an eventfd: " +
                                         std::string(std::strerror(errno)));
  }
  const AllSignalsBlocked no_signals;
  try {
    thread_ = std::thread([self = shared_from_this()] { self->work(); });
    pthread_setname_np(thread_.native_handle(), "stogger-pg");
  } catch (const std::exception& e) {
    return Status(Code::unavailable,
                  std::string("cannot start a thread: ") + e.what());
  }
  return {};
}

void Connector::begin_stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void Connector::stop() {
  if (!thread_.joinable()) return;
  begin_stop();
  bool ended = false;
  {
    std::unique_lock lock(mutex_);
    ended = changed_.wait_for(lock, kStopWait, [this] { return ended_; });
    if (!ended && computing_.load(std::memory_order_acquire)) {
      ended = changed_.wait_for(lock, kComputeWait, [this] { return ended_; });
    }
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void Connector::wake() noexcept {
  const std::uint64_t one = 1;
  // It fails only if enough of them are there already.
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof(one));
}

std::unique_ptr<Session> Connector::take(Deadline deadline, Wait wait,
                                         Status* status) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] {
    return ready_ != nullptr || is_hopeless(wait) || ended_;
  });
  if (ready_ == nullptr) {
    *status =
        failed_ ? reason_ : Status(Code::unavailable, settings_.no_answer);
    return nullptr;
  }
  ready_socket_.store(-1, std::memory_order_release);
  watched_ = ready_->connection->socket();
  wanted_ = false;
  std::unique_ptr<Session> session = std::move(ready_);
  lock.unlock();
  wake();
  return session;
}

bool Connector::has_replacement() {
  {
    const std::lock_guard lock(mutex_);
    if (ready_ != nullptr) return true;
    if (std::exchange(wanted_, true)) return false;
  }
  wake();
  return false;
}

void Connector::retire(std::unique_ptr<Session> session, Verdict verdict) {
  {
    const std::lock_guard lock(mutex_);
    if (verdict == Verdict::avoid) {
      next_host_ = (session->host + 1) % settings_.hosts.size();
    }
    if (verdict == Verdict::is_pooler) pooled_ = true;
    note_end(*session);
    retired_.push_back(std::move(session));
    watched_ = -1;
    wanted_ = true;
  }
  wake();
}

void Connector::back_off(Status reason) {
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, settings_.longest_backoff);
  next_attempt_ = Steady::now() + spread(backoff_);
  failed_ = true;
  reason_ = std::move(reason);
}

// What is known of the server may be old: somebody is waiting, so it is asked
// once more, and at once; unless several sessions, one after the other, ended
// as soon as they were there.
void Connector::note_end(const Session& session) {
  constexpr int kMostUnproven = 3;
  // On a machine that is busy, it may take a while until an end is noticed.
  constexpr milliseconds kShort(1000);
  if (session.proven || Steady::now() - session.since > kShort) {
    unproven_ = 0;
    backoff_ = milliseconds(0);
  } else if (++unproven_ > kMostUnproven) {
    refused_ = false;
    back_off(Status(Code::unavailable,
                    "sessions with the server end as soon as they are there"));
    return;
  }
  failed_ = false;
  next_attempt_ = Deadline();
}

void Connector::abandon() noexcept {
  if (::getpid() == process_) {
    // The thread is here all the same, and ends by itself.
    stopping_.store(true, std::memory_order_release);
    wake();
    thread_.detach();
    return;
  }
  const int socket = ready_socket_.load(std::memory_order_acquire);
  // Only while the socket is set, ready_ is there and whole.
  if (socket >= 0) ready_->connection->abandon();
  ::close(wake_);
}

void Connector::work() noexcept {
  try {
    run();
  } catch (...) {
    // No memory. Without the thread there will be no connection.
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void Connector::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping()) {
    close_retired(lock);
    drop_dead_session(lock);
    if (wanted_ && ready_ == nullptr && Steady::now() >= next_attempt_) {
      connect(lock);
    } else {
      wait_for_work(lock);
    }
  }
  ready_socket_.store(-1, std::memory_order_release);
  if (ready_ != nullptr) retired_.push_back(std::move(ready_));
  close_retired(lock);
}

void Connector::close_retired(std::unique_lock<std::mutex>& lock) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.swap(retired_);
  lock.unlock();
  sessions.clear();
  lock.lock();
}

// One that has waited too long to be taken.
void Connector::drop_dead_session(std::unique_lock<std::mutex>&) {
  if (ready_ == nullptr || ready_->connection->is_alive()) return;
  ready_socket_.store(-1, std::memory_order_release);
  note_end(*ready_);
  retired_.push_back(std::move(ready_));
}

// Until somebody wants something, a server ends a session, or it is time for
// the next attempt.
void Connector::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const int session = ready_ ? ready_->connection->socket() : watched_;
  pollfd waiting[] = {{wake_, POLLIN, 0}, {session, POLLRDHUP, 0}};
  int milliseconds_left = -1;
  if (wanted_ && ready_ == nullptr) {
    const auto left =
        std::chrono::ceil<milliseconds>(next_attempt_ - Steady::now());
    milliseconds_left =
        static_cast<int>(std::max(left, milliseconds(0)).count());
  }
  if (!retired_.empty()) milliseconds_left = 0;
  lock.unlock();
  ::poll(waiting, session >= 0 ? 2 : 1, milliseconds_left);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof(count));
  lock.lock();
  // The session may have been given back meanwhile.
  if ((waiting[1].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 &&
      watched_ == session && ready_ == nullptr) {
    watched_ = -1;
    wanted_ = true;
    failed_ = false;
  }
}

void Connector::connect(std::unique_lock<std::mutex>& lock) {
  const std::size_t first = next_host_;
  is_missing_ = false;
  lock.unlock();
  Status status;
  std::unique_ptr<Session> session;
  try {
    session = try_hosts(first, &status);
  } catch (const std::exception& e) {
    status = Status(Code::unavailable, e.what());
  }
  lock.lock();
  if (session != nullptr) {
    next_host_ = session->host;
    failed_ = false;
    session->since = Steady::now();
    ready_ = std::move(session);
    ready_socket_.store(ready_->connection->socket(),
                        std::memory_order_release);
  } else {
    refused_ = !is_missing_;
    back_off(Status(status.code(), hide_secrets(settings_, status.message())));
    next_host_ = 0;
  }
  changed_.notify_all();
}

// ---- Connecting, without the lock. -----------------------------------------

std::unique_ptr<Session> Connector::try_hosts(std::size_t first,
                                              Status* status) {
  std::string reasons;
  Code code = Code::unavailable;
  for (std::size_t i = 0; i < settings_.hosts.size() && !is_stopping(); ++i) {
    const std::size_t host = (first + i) % settings_.hosts.size();
    Status failed;
    if (auto session = try_host(host, &failed)) return session;
    // That of several hosts, if all of them fail alike.
    code = reasons.empty() || code == failed.code() ? failed.code()
                                                    : Code::unavailable;
    if (!reasons.empty()) reasons += "; ";
    if (settings_.hosts.size() > 1) {
      reasons += settings_.hosts[host].name + ": ";
    }
    reasons += failed.message();
  }
  *status = Status(code, reasons);
  return nullptr;
}

std::unique_ptr<Session> Connector::try_host(std::size_t host, Status* status) {
  const std::vector<PostgresTarget> targets =
      find_targets(settings_, host, status);
  if (targets.empty()) is_missing_ = true;
  for (const PostgresTarget& target : targets) {
    if (is_stopping()) break;
    if (auto session = try_target(target, status)) return session;
  }
  return nullptr;
}

std::unique_ptr<Session> Connector::try_target(const PostgresTarget& target,
                                               Status* status) {
  bool pooled = false;
  {
    const std::lock_guard lock(mutex_);
    pooled = pooled_;
  }
  const Interrupt interrupt = {wake_, stopping_, computing_};
  std::unique_ptr<Connection> connection =
      establish(settings_, target, !pooled, interrupt, status);
  if (connection == nullptr && !pooled &&
      status->message().find("unsupported startup parameter") !=
          std::string_view::npos) {
    pooled = true;
    connection = establish(settings_, target, false, interrupt, status);
  }
  if (connection == nullptr) {
    is_missing_ = true;
    return nullptr;
  }
  auto session = std::make_unique<Session>();
  session->connection = std::move(connection);
  session->host = target.host;
  session->pooled = pooled;
  session->encoding = ServerEncoding::find(session->connection->encoding());
  *status = prepare_session(settings_, session.get());
  if (status->ok()) return session;
  if (!session->connection->is_alive()) is_missing_ = true;
  return nullptr;
}

}  // namespace stogger
