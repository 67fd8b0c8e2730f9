#include "deliver/scratch.h"

#include <pthread.h>

#include <memory>
#include <new>

namespace stogger {
namespace {

// A type that logs itself while it is written out would go on for ever.
constexpr int kDeepest = 7;

}  // namespace

// Frees the memory of a thread after its thread_local objects are gone: glibc
// runs the destructors of keys last, and again if they were set again
// meanwhile.
//
// Made when the program is loaded: a child must not find it half made by
// another thread. There may be none left (of 1024); then the memory is not
// freed.
struct ScratchKey {
  static void free_memory(void* mine) {
    ScratchLease::mine_ = nullptr;
    ScratchLease::end_thread(static_cast<ScratchLease::OfThread*>(mine));
  }

  pthread_key_t key = 0;
  bool exists = pthread_key_create(&key, &free_memory) == 0;
};

namespace {
const ScratchKey key;
}  // namespace

constinit thread_local ScratchLease::OfThread* ScratchLease::mine_ = nullptr;
constinit std::atomic<ScratchLease::OfThread*> ScratchLease::threads_{nullptr};

void ScratchLease::recycle() noexcept {
  constexpr std::size_t kMost = kKeptByThread - 1;
  scratch_->event.recycle(kMost);
  scratch_->message.recycle(kMost);
  scratch_->row.recycle(kMost);
}

ScratchLease::OfThread* ScratchLease::begin_thread() {
  OfThread* mine = threads_.load(std::memory_order_acquire);
  while (mine != nullptr &&
         mine->is_taken.exchange(true, std::memory_order_acquire)) {
    mine = mine->next;
  }
  if (mine == nullptr) {
    mine = new OfThread;
    mine->next = threads_.load(std::memory_order_relaxed);
    while (!threads_.compare_exchange_weak(mine->next, mine,
                                           std::memory_order_release,
                                           std::memory_order_relaxed)) {
    }
  }
  if (key.exists) pthread_setspecific(key.key, mine);
  mine_ = mine;
  return mine;
}

void ScratchLease::end_thread(OfThread* mine) noexcept {
  Scratch* const scratch = mine;
  std::destroy_at(scratch);
  std::construct_at(scratch);
  mine->recent = RecentEvents();
  mine->is_taken.store(false, std::memory_order_release);
}

Scratch* ScratchLease::begin_within() {
  if (mine_->within == kDeepest) throw std::bad_alloc();
  auto* const scratch = new Scratch;
  ++mine_->within;
  return scratch;
}

void ScratchLease::end_within() noexcept {
  --mine_->within;
  delete scratch_;
  entered_->leave();
}

bool ScratchLease::is_any_on(const void* target) noexcept {
  const OfThread* one = threads_.load(std::memory_order_acquire);
  while (one != nullptr && !one->mark.is_on(target)) one = one->next;
  return one != nullptr;
}

// What they were using is in no state to be used or freed.
void ScratchLease::forget_other_threads() noexcept {
  OfThread* one = threads_.load(std::memory_order_relaxed);
  for (; one != nullptr; one = one->next) {
    if (one != mine_) one->mark.clear();
  }
}

}  // namespace stogger
