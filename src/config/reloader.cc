#include "config/reloader.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "os/diagnostics.h"
#include "os/file.h"
#include "os/signals.h"

namespace stogger {
namespace {

// What the handler goes by. There before any code runs, and never destroyed.
constinit Bell bell;
constinit std::atomic<bool> has_rung{false};
struct sigaction handlers_before[NSIG];  // written before ours is in place
constinit std::atomic<bool> is_caught[NSIG];

// Async-signal-safe.
void ring_the_bell(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  has_rung = true;
  bell.ring();
  errno = error;
  const struct sigaction& before = handlers_before[signal];
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(signal, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(signal);
  }
}

// One that tells of a fault of the program comes again after its handler.
bool may_be_caught(int signal) noexcept {
  switch (signal) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
      return false;
    default:
      return signal > 0 && signal < NSIG;
  }
}

Status wrong_signal(int signal) {
  return Status(Code::invalid,
                "reload_on: signal " + std::to_string(signal) +
                    " cannot ask for a reload; SIGHUP is the usual one");
}

Status catch_signal(int signal) {
  if (is_caught[signal]) return {};
  struct sigaction& before = handlers_before[signal];
  struct sigaction action = {};
  if (::sigaction(signal, nullptr, &before) != 0) return wrong_signal(signal);
  const bool has_handler =
      (before.sa_flags & SA_SIGINFO) != 0 ||
      (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN);
  action.sa_sigaction = &ring_the_bell;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  if (has_handler) {
    action.sa_flags =
        SA_SIGINFO | (before.sa_flags & ~static_cast<int>(SA_RESETHAND));
    action.sa_mask = before.sa_mask;
  }
  if (::sigaction(signal, &action, nullptr) != 0) return wrong_signal(signal);
  is_caught[signal] = true;
  return {};
}

}  // namespace

Reloader::Reloader(Work work) : work_(work) {
  process_objects(ProcessPart::loads).add(*this);
}

Status Reloader::reload_on(int signal) {
  if (!may_be_caught(signal)) return wrong_signal(signal);
  const std::lock_guard lock(mutex_);
  if (Status status = start(); !status.ok()) return status;
  is_asked_for_ = true;
  return catch_signal(signal);
}

Status Reloader::resume() {
  const std::lock_guard lock(mutex_);
  return is_asked_for_ || !watched_.empty() ? start() : Status();
}

void Reloader::watch(const std::string& path, const FileStamp& seen) {
  const std::lock_guard lock(mutex_);
  is_watch_new_ = is_watch_new_ || watched_ != path;
  watched_ = path;
  seen_ = seen;
  bell.ring();
}

void Reloader::note_seen(const std::string& path,
                         const FileStamp& seen) noexcept {
  const std::lock_guard lock(mutex_);
  if (path == watched_) seen_ = seen;
}

Status Reloader::start() {
  if (thread_.joinable()) return {};
  if (Status status = bell.make(); !status.ok()) return status;
  const AllSignalsBlocked no_signals;
  auto is_over = std::make_shared<std::atomic<bool>>(false);
  try {
    thread_ = std::thread([this, is_over] { run(*is_over); });
  } catch (const std::system_error& e) {
    return Status(Code::unavailable, "cannot start the thread for reloads: " +
                                         error_text(e.code().value()));
  }
  is_over_ = std::move(is_over);
  return {};
}

void Reloader::run(const std::atomic<bool>& is_over) noexcept {
  ::pthread_setname_np(::pthread_self(), "stogger");
  while (!is_over) {
    begin_to_watch();
    if (has_rung.exchange(false) || is_file_changed()) {
      work_();
    } else if (!wait(is_over)) {
      return report(
          "its descriptors were closed: the configuration is not read again "
          "from now on");
    }
  }
  bell.ring();  // what was taken may have been for the next thread
}

// The first look is at the file as it is then, so that nothing is missed.
void Reloader::begin_to_watch() noexcept {
  const Status status = guarded([this] {
    std::string path;
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(is_watch_new_, false)) return Status();
      path = watched_;
    }
    return watch_.set(path);
  });
  if (!status.ok()) report(status.message());
}

bool Reloader::is_file_changed() noexcept {
  const std::lock_guard lock(mutex_);
  return !watched_.empty() && watch_.descriptor() >= 0 &&
         FileStamp::of(watched_) != seen_;
}

// False if there is nothing to wait for any more.
bool Reloader::wait(const std::atomic<bool>& is_over) noexcept {
  pollfd waits[] = {{bell.descriptor(), POLLIN, 0},
                    {watch_.descriptor(), POLLIN, 0}};
  static_cast<void>(::poll(waits, 2, watch_.patience_ms()));
  if (!bell.take()) return false;
  if (watch_.take()) let_settle(is_over);
  watch_.refresh();
  return true;
}

// Who replaces a file by several steps is given the time for them.
void Reloader::let_settle(const std::atomic<bool>& is_over) noexcept {
  constexpr int kQuietMs = 100;
  constexpr int kMostTimes = 20;
  for (int i = 0; i < kMostTimes && !is_over; ++i) {
    pollfd waits{watch_.descriptor(), POLLIN, 0};
    if (::poll(&waits, 1, kQuietMs) <= 0 || !watch_.take()) return;
  }
}

void Reloader::stop() noexcept {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) {
      *is_over_ = true;
      bell.ring();
      thread = std::move(thread_);
    }
  }
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else if (thread.joinable()) {
    thread.join();
  }
  // After the last load, which may have said what to watch.
  const std::lock_guard lock(mutex_);
  watched_.clear();
  is_watch_new_ = true;
}

// The thread does not exist here, and the pipe is the parent's.
bool Reloader::after_fork_in_child() noexcept {
  std::construct_at(&thread_);
  std::construct_at(&mutex_);
  loads_.reset();
  bell.forget();
  watch_.forget();
  watched_.clear();
  is_watch_new_ = true;
  has_rung = false;
  return true;
}

Reloader::Load::Load(Reloader& reloader) noexcept
    : reloader_(reloader),
      is_within_another_(std::exchange(is_loading_, true)) {
  if (!is_within_another_) reloader_.loads_.lock();
}

Reloader::Load::~Load() {
  if (is_within_another_) return;
  reloader_.loads_.unlock();
  is_loading_ = false;
}

}  // namespace stogger
