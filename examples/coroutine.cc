// Context in coroutines: a coroutine logs with its scopes on whatever thread it
// goes on, and leaves none of them on a thread when it is suspended.
#include <stogger/log.h>

#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

namespace {

struct Task {
  struct promise_type {
    Task get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };

  std::coroutine_handle<> coroutine;
};

// The one place that resumes coroutines. The guard puts the thread inside the
// scopes of the coroutine, and takes off what the coroutine leaves there.
void resume(std::coroutine_handle<> coroutine,
            const stogger::Context& context) {
  const stogger::ContextGuard guard(context);
  coroutine.resume();
}

void start(Task task) { resume(task.coroutine, stogger::Context::current()); }

// What is to go on; whoever calls run() does it.
class Queue {
 public:
  auto next() {
    struct Awaiter {
      Queue& queue;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> coroutine) {
        queue.jobs_.push_back(
            [coroutine, context = stogger::Context::current()] {
              resume(coroutine, context);
            });
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }

  void run() {
    for (; !jobs_.empty(); jobs_.pop_front()) jobs_.front()();
  }

 private:
  std::deque<std::function<void()>> jobs_;
};

Task check_out(Queue& queue, int order) {
  const stogger::Scope scope("checkout", {{"order", order}});
  stogger::info("stock-reserved");
  co_await queue.next();
  stogger::info("card-charged");
}

}  // namespace

int main() {
  Queue queue;
  start(check_out(queue, 7));
  start(check_out(queue, 8));
  stogger::info("both-wait");  // outside of their scopes
  std::thread([&queue] {
    queue.run();
    stogger::info("both-done");
  }).join();
}
