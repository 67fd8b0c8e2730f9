// Jumps from one stack to another are what this is about.
#undef _FORTIFY_SOURCE
#include "tests/sim/threads.h"

#include <cxxabi.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tests/support/sanitizer.h"

#ifdef STOGGER_TEST_ADDRESSES_SANITIZED
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace stogger {

thread_local SimThreads* SimThreads::current_ = nullptr;

namespace {

constexpr std::size_t kStack = std::size_t{1} << 20;

// What the C++ runtime keeps for each thread: exceptions that are handled.
struct Exceptions {
  void* caught = nullptr;
  unsigned uncaught = 0;
};
Exceptions& exceptions() {
  return *reinterpret_cast<Exceptions*>(::abi::__cxa_get_globals());
}

// Stacks are used again and again: there are as many as there were threads at
// once.
std::vector<char*> free_stacks;

char* new_stack() {
  if (!free_stacks.empty()) {
    char* const stack = free_stacks.back();
    free_stacks.pop_back();
    return stack;
  }
  void* const stack =
      ::mmap(nullptr, kStack, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) std::abort();
  return static_cast<char*>(stack);
}

void leave_stack([[maybe_unused]] void** fake,
                 [[maybe_unused]] const void* stack,
                 [[maybe_unused]] std::size_t size) {
#ifdef STOGGER_TEST_ADDRESSES_SANITIZED
  __sanitizer_start_switch_fiber(fake, stack, size);
#endif
}

void arrive([[maybe_unused]] void* fake, [[maybe_unused]] const void** from,
            [[maybe_unused]] std::size_t* size) {
#ifdef STOGGER_TEST_ADDRESSES_SANITIZED
  __sanitizer_finish_switch_fiber(fake, from, size);
#endif
}

}  // namespace

struct SimThreads::Thread {
  Thread() : stack(new_stack()) {}
  ~Thread() { free_stacks.push_back(stack); }

  // It runs, or waits for an address, or until a time.
  enum class State : unsigned char { ready, waits, ended };

  std::function<void()> body;
  char* const stack;
  bool has_begun = false;
  State state = State::ready;
  const void* address = nullptr;
  std::int64_t until_ns = 0;
  bool is_woken = false;
  std::jmp_buf at{};
  ucontext_t start{};
  Exceptions handled;
  void* fake_stack = nullptr;
};

SimThreads::SimThreads(std::mt19937_64& random, std::int64_t now_ns)
    : random_(random), now_ns_(now_ns) {}

SimThreads::~SimThreads() = default;

SimThreads::End SimThreads::run(const std::function<void()>& body) {
  count_ = 0;
  turns_ = 0;
  const Exceptions handled = exceptions();
  spawn(body);
  running_ = threads_[0].get();
  current_ = this;
  if (_setjmp(home_) == 0) {
    leave_stack(&home_fake_stack_, running_->stack, kStack);
    enter(*running_);
  }
  arrive(home_fake_stack_, nullptr, nullptr);
  exceptions() = handled;
  current_ = nullptr;
  end_ns_ = kForEver;
  // Of objects that live on, and of the library.
  for (pthread_mutex_t* mutex : locked_) ::pthread_mutex_unlock(mutex);
  locked_.clear();
  return how_;
}

void SimThreads::end(End how) {
  how_ = how;
  leave_stack(nullptr, home_stack_, home_stack_size_);
  _longjmp(home_, 1);
}

pthread_t SimThreads::spawn(std::function<void()> body) {
  if (count_ == threads_.size()) {
    threads_.push_back(std::make_unique<Thread>());
  }
  Thread& thread = *threads_[count_++];
#ifdef STOGGER_TEST_ADDRESSES_SANITIZED
  __asan_unpoison_memory_region(thread.stack, kStack);
#endif
  thread.body = std::move(body);
  thread.has_begun = false;
  thread.state = Thread::State::ready;
  thread.handled = {};
  thread.fake_stack = nullptr;
  return static_cast<pthread_t>(count_);
}

void SimThreads::join(pthread_t thread) {
  const Thread& joined = *threads_[static_cast<std::size_t>(thread) - 1];
  while (joined.state != Thread::State::ended) wait(&joined, kForEver);
}

// A stack that nobody is on.
void SimThreads::enter(Thread& thread) {
  thread.has_begun = true;
  ::getcontext(&thread.start);
  thread.start.uc_stack.ss_sp = thread.stack;
  thread.start.uc_stack.ss_size = kStack;
  thread.start.uc_link = nullptr;
  ::makecontext(&thread.start, &SimThreads::begin, 0);
  ::setcontext(&thread.start);
  std::abort();
}

void SimThreads::begin() {
  SimThreads& all = *current_;
  const void* from = nullptr;
  std::size_t size = 0;
  arrive(nullptr, &from, &size);
  if (all.home_stack_ == nullptr) {
    all.home_stack_ = from;
    all.home_stack_size_ = size;
  }
  exceptions() = {};
  all.running_->body();
  all.finish();
}

void SimThreads::finish() {
  Thread& ended = *running_;
  ended.state = Thread::State::ended;
  if (&ended == threads_[0].get()) {
    const bool are_all_ended = std::all_of(
        threads_.begin(),
        threads_.begin() + static_cast<std::ptrdiff_t>(count_),
        [](const auto& one) { return one->state == Thread::State::ended; });
    end(are_all_ended ? End::returned : End::stuck);
  }
  wake(&ended, true);
  go_on(next());
  std::abort();
}

// One of those that can run.
SimThreads::Thread& SimThreads::next() {
  if (++turns_ > kMostTurns) end(End::stuck);
  if (now_ns_ >= end_ns_) kill();
  while (true) {
    std::size_t ready[16];
    std::size_t ready_count = 0;
    std::int64_t first_ns = kForEver;
    for (std::size_t i = 0; i < count_; ++i) {
      const Thread& one = *threads_[i];
      if (one.state == Thread::State::ended) continue;
      if (one.state == Thread::State::ready || one.is_woken ||
          one.until_ns <= now_ns_) {
        if (ready_count < std::size(ready)) ready[ready_count++] = i;
      } else {
        first_ns = std::min(first_ns, one.until_ns);
      }
    }
    if (ready_count != 0) {
      return *threads_[ready[ready_count == 1 ? 0 : random_() % ready_count]];
    }
    if (first_ns == kForEver) end(End::stuck);
    now_ns_ = first_ns;
    if (now_ns_ >= end_ns_) kill();
  }
}

void SimThreads::go_on(Thread& next) {
  Thread& self = *running_;
  next.state = Thread::State::ready;
  if (&next == &self) return;
  self.handled = exceptions();
  running_ = &next;
  if (_setjmp(self.at) == 0) {
    leave_stack(self.state == Thread::State::ended ? nullptr : &self.fake_stack,
                next.stack, kStack);
    if (!next.has_begun) enter(next);
    _longjmp(next.at, 1);
  }
  arrive(running_->fake_stack, nullptr, nullptr);
  exceptions() = running_->handled;
}

void SimThreads::pause() {
  kill_after_instructions(0);
  now_ns_ += 500;
  if (now_ns_ >= end_ns_) kill();
  if (bits_ <= 1) bits_ = random_() | std::uint64_t{1} << 63;
  const bool goes_on = (bits_ & 3) != 0;
  bits_ >>= 2;
  if (!goes_on && count_ > 1) go_on(next());
}

void SimThreads::sleep(std::int64_t ns) {
  static_cast<void>(wait(nullptr, now_ns_ + std::max<std::int64_t>(ns, 0)));
}

bool SimThreads::wait(const void* address, std::int64_t until_ns) {
  kill_after_instructions(0);
  Thread& self = *running_;
  self.state = Thread::State::waits;
  self.address = address;
  self.until_ns = until_ns;
  self.is_woken = false;
  go_on(next());
  return self.is_woken;
}

void SimThreads::wake(const void* address, bool all) {
  kill_after_instructions(0);
  for (std::size_t i = 0; i < count_; ++i) {
    Thread& one = *threads_[i];
    if (one.state != Thread::State::waits || one.address != address ||
        one.is_woken) {
      continue;
    }
    one.is_woken = true;
    if (!all) return;
  }
}

// Single steps: after each instruction, the processor raises a signal.

namespace {

thread_local std::uint64_t instructions_left = 0;

#ifdef __x86_64__
constexpr greg_t kTrapFlag = 0x100;

void step(int, siginfo_t*, void* context) {
  if (instructions_left == 0) {
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
    return;
  }
  if (--instructions_left != 0) return;
  SimThreads::current()->kill();
}

void set_trap_flag() {
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() |
                                 static_cast<unsigned long long>(kTrapFlag));
}
#endif

}  // namespace

// Of other processors, nothing happens.
void SimThreads::kill_after_instructions(std::uint64_t count) noexcept {
#ifdef __x86_64__
  const bool was_stepping = instructions_left != 0;
  instructions_left = count;
  if (count == 0 || was_stepping) return;
  struct sigaction action = {};
  action.sa_sigaction = &step;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  ::sigaction(SIGTRAP, &action, nullptr);
  set_trap_flag();
#else
  static_cast<void>(count);
#endif
}

}  // namespace stogger
