#include "os/process.h"

#include <pthread.h>

#include <cstdlib>

#include "base/timestamp.h"

namespace stogger {

void ProcessList::add(ProcessObject& object) noexcept {
  const std::lock_guard lock(mutex_);
  object.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &object;
  first_ = &object;
}

void ProcessList::take_out(ProcessObject& object) noexcept {
  if (object.previous_ == nullptr && first_ != &object) return;
  if (object.next_ != nullptr) object.next_->previous_ = object.previous_;
  (object.previous_ == nullptr ? first_ : object.previous_->next_) =
      object.next_;
  object.previous_ = object.next_ = nullptr;
}

void ProcessList::remove(ProcessObject& object) noexcept {
  for (;;) {
    const std::uint32_t before = ended_uses_.load();
    {
      const std::lock_guard lock(mutex_);
      take_out(object);
      if (object.users_ == 0) return;
    }
    ended_uses_.wait(before);
  }
}

void ProcessList::end_use(ProcessObject& object) noexcept {
  {
    const std::lock_guard lock(mutex_);
    take_out(object);
    --object.users_;
  }
  ended_uses_.fetch_add(1);
  ended_uses_.notify_all();
}

void ProcessList::before_fork() noexcept {
  mutex_.lock();
  for (ProcessObject* one = first_; one != nullptr; one = one->next_) {
    one->before_fork();
  }
}

void ProcessList::after_fork_in_parent() noexcept {
  for (ProcessObject* one = first_; one != nullptr; one = one->next_) {
    one->after_fork_in_parent();
  }
  mutex_.unlock();
}

void ProcessList::after_fork_in_child() noexcept {
  for (ProcessObject* one = first_; one != nullptr;) {
    ProcessObject* const next = one->next_;
    if (!one->after_fork_in_child()) take_out(*one);
    one = next;
  }
  mutex_.unlock();
}

namespace {

// All of it is there before any code runs, and is never destroyed.
constinit ProcessTable table;
constinit std::mutex no_fork;  // taken before any lock of a part
constinit std::atomic<std::uint64_t> moments{0};

// What a sink does before a fork may be a fork of its own, for a program that
// compresses, say: that one finds everything prepared.
constinit thread_local int depth = 0;

[[maybe_unused]] const int registered = pthread_atfork(
    [] {
      if (depth++ != 0) return;
      no_fork.lock();
      ++moments;
      table.before_fork();
      // Last: nobody waits for anything while he has it.
      hold_local_time();
    },
    [] {
      if (--depth != 0) return;
      release_local_time();
      table.after_fork_in_parent();
      ++moments;
      no_fork.unlock();
    },
    [] {
      if (--depth != 0) return;
      release_local_time();
      table.after_fork_in_child();
      ++moments;
      no_fork.unlock();
    });

using ExitHandler = void (*)() noexcept;
constinit std::atomic<ExitHandler>
    exit_handlers[static_cast<std::size_t>(ExitPart::systems) + 1];

void handle_exits() {
  for (const auto& handler : exit_handlers) {
    if (const ExitHandler handle = handler.load()) handle();
  }
}

}  // namespace

ProcessList& process_objects(ProcessPart part) noexcept { return table[part]; }

std::uint64_t fork_moments() noexcept { return moments; }

NoFork::NoFork() { no_fork.lock(); }
NoFork::~NoFork() { no_fork.unlock(); }

void handle_exit(ExitPart part, void (*handler)() noexcept) {
  exit_handlers[static_cast<std::size_t>(part)] = handler;
  std::atexit(&handle_exits);
}

}  // namespace stogger
