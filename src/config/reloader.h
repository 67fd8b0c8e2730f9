// Reloader: a thread that has the configuration of the default system read
// again when a signal comes, or when its file has changed.
//
// The handler of the signal does nothing but ring a bell. The thread is there
// only if it was asked for; it gets no signals, and ends at shutdown.
#pragma once

#include <signal.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "os/bell.h"
#include "os/file_watch.h"
#include "os/process.h"
#include "os/route_mutex.h"
#include "stogger/status.h"

namespace stogger {

class Reloader final : private ProcessObject {
 public:
  using Work = void (*)() noexcept;

  explicit Reloader(Work work);

  // From now on the work is done, on the thread, whenever that signal comes.
  // The handler that the program has for it is called afterwards. May be called
  // for several signals.
  Status reload_on(int signal);
  // From now on, until stop(), the work is done whenever that file is another
  // than the one that was seen; never if its path is empty.
  void watch(const std::string& path, const FileStamp& seen);
  // Of that file, if it is the one, this state is known now.
  void note_seen(const std::string& path, const FileStamp& seen) noexcept;
  // Starts the thread again, after stop() or in a child, if it is asked for.
  Status resume();
  // Waits until work that is under way is done, and ends the thread. From the
  // work itself, it does not wait.
  void stop() noexcept;

  // A load of the configuration: one at a time, and none within another one, as
  // a diagnostic function or a sink that is being made would begin.
  class Load {
   public:
    explicit Load(Reloader& reloader) noexcept;
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    bool is_within_another() const noexcept { return is_within_another_; }
    // Whether this thread is in one.
    static bool is_here() noexcept { return is_loading_; }

   private:
    static constinit inline thread_local bool is_loading_ = false;

    Reloader& reloader_;
    const bool is_within_another_;
  };

 private:
  ~Reloader() = default;  // never destroyed

  void before_fork() noexcept override { mutex_.lock(); }
  void after_fork_in_parent() noexcept override { mutex_.unlock(); }
  bool after_fork_in_child() noexcept override;

  Status start();
  void run(const std::atomic<bool>& is_over) noexcept;
  bool is_file_changed() noexcept;
  void begin_to_watch() noexcept;
  bool wait(const std::atomic<bool>& is_over) noexcept;
  void let_settle(const std::atomic<bool>& is_over) noexcept;

  const Work work_;
  RouteMutex loads_;
  std::mutex mutex_;           // of what follows
  bool is_asked_for_ = false;  // by a signal
  std::string watched_;
  FileStamp seen_;
  bool is_watch_new_ = false;
  std::thread thread_;
  std::shared_ptr<std::atomic<bool>> is_over_;  // for the thread
  FileWatch watch_;                             // of the thread alone
};

}  // namespace stogger
