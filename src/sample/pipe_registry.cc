#include "sample/pipe_registry.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "os/process.h"

namespace stogger {

// All of it is there before any code runs, and is never destroyed. The lock is
// not held while a pipe is finished: that takes as long as its sink does, which
// may fork or make pipes meanwhile.
class PipeRegistry {
 public:
  void add(LivePipe* pipe) {
    const std::lock_guard lock(mutex_);
    if (pipes_ == nullptr) pipes_ = new std::vector<LivePipe*>;
    pipes_->push_back(pipe);
  }

  void remove(LivePipe* pipe) noexcept {
    for (;;) {
      const std::uint32_t before = ended_uses_.load();
      {
        const std::lock_guard lock(mutex_);
        if (pipes_ != nullptr) std::erase(*pipes_, pipe);
        if (pipe->users_ == 0) return;
      }
      ended_uses_.wait(before);
    }
  }

  // All pipes, or all that write to the sink, those included that are made
  // meanwhile.
  void finish(const Sink* sink) noexcept {
    while (LivePipe* const pipe = begin_use(sink)) {
      pipe->finish_unasked();
      end_use(pipe);
    }
  }

  void before_fork() noexcept {
    mutex_.lock();
    if (pipes_ == nullptr) return;
    for (LivePipe* pipe : *pipes_) pipe->before_fork();
  }

  void after_fork_in_parent() noexcept {
    if (pipes_ != nullptr) {
      for (LivePipe* pipe : *pipes_) pipe->after_fork_in_parent();
    }
    mutex_.unlock();
  }

  void after_fork_in_child() noexcept {
    if (pipes_ != nullptr) {
      for (LivePipe* pipe : *pipes_) pipe->after_fork_in_child();
      // They are leaked here, and their sinks may go.
      pipes_->clear();
    }
    mutex_.unlock();
  }

 private:
  LivePipe* begin_use(const Sink* sink) noexcept {
    const std::lock_guard lock(mutex_);
    if (pipes_ == nullptr) return nullptr;
    const auto found =
        std::find_if(pipes_->begin(), pipes_->end(), [&](const LivePipe* pipe) {
          return sink == nullptr || pipe->writes_to(*sink);
        });
    if (found == pipes_->end()) return nullptr;
    ++(*found)->users_;
    return *found;
  }

  void end_use(LivePipe* pipe) noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (pipes_ != nullptr) std::erase(*pipes_, pipe);
      --pipe->users_;
    }
    ended_uses_.fetch_add(1);
    ended_uses_.notify_all();
  }

  std::mutex mutex_;
  std::vector<LivePipe*>* pipes_ = nullptr;
  std::atomic<std::uint32_t> ended_uses_{0};
};

namespace {

constinit PipeRegistry registry;

[[maybe_unused]] const bool registered = handle_fork(
    ForkPart::pipes, {[]() noexcept { registry.before_fork(); },
                      []() noexcept { registry.after_fork_in_parent(); },
                      []() noexcept { registry.after_fork_in_child(); }});

}  // namespace

void register_pipe(LivePipe* pipe) {
  // Once there is a pipe: its sink was there before, so that it is also there
  // when this comes, before what was registered earlier.
  static const int at_exit = std::atexit([] { registry.finish(nullptr); });
  static_cast<void>(at_exit);
  registry.add(pipe);
}

void unregister_pipe(LivePipe* pipe) noexcept { registry.remove(pipe); }

void finish_pipes_to(const Sink& sink) noexcept { registry.finish(&sink); }

}  // namespace stogger
