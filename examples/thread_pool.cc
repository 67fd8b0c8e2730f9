// Context on the threads of a pool: a job logs with the scopes of whoever
// submitted it.
#include <stogger/log.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace {

class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::future<void> submit(std::function<void()> job) {
    std::packaged_task<void()> task(
        [job = std::move(job), context = stogger::Context::current()] {
          const stogger::ContextGuard guard(context);
          job();
        });
    std::future<void> done = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
    return done;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return is_ending_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      std::packaged_task<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> tasks_;
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

void handle(Pool& pool, int order, const char* traceparent) {
  // The ids of a header of the request; no fields if there is none.
  const stogger::Scope request("request", stogger::trace_context(traceparent));
  const stogger::Scope checkout("checkout", {{"order", order}});
  pool.submit([] { stogger::info("card-charged", {{"cents", 250}}); }).get();
}

}  // namespace

int main() {
  Pool pool(2);
  handle(pool, 7, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  handle(pool, 8, "");
  pool.submit([] { stogger::info("no-order"); }).get();
}
