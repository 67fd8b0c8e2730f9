#include "deliver/scratch.h"

#include <pthread.h>

#include <new>

namespace stogger {
namespace {

// A type that logs itself while it is written out would go on for ever.
constexpr int kDeepest = 8;

}  // namespace

// Frees the memory of a thread after its thread_local objects are gone: glibc
// runs the destructors of keys last, and again if they were set again
// meanwhile.
//
// Made when the program is loaded: a child must not find it half made by
// another thread. There may be none left (of 1024); then the memory is not
// freed.
struct ScratchKey {
  static void free_memory(void* scratch) {
    ScratchLease::mine_ = nullptr;
    delete static_cast<ScratchLease::OfThread*>(scratch);
  }

  pthread_key_t key = 0;
  bool exists = pthread_key_create(&key, &free_memory) == 0;
};

namespace {
const ScratchKey key;
}  // namespace

constinit thread_local ScratchLease::OfThread* ScratchLease::mine_ = nullptr;

void ScratchLease::recycle() noexcept {
  constexpr std::size_t kMost = kKeptByThread - 1;
  scratch_->event.recycle(kMost);
  scratch_->message.recycle(kMost);
  scratch_->row.recycle(kMost);
}

Scratch* ScratchLease::more() {
  if (mine_ == nullptr) {
    mine_ = new OfThread;
    if (key.exists) pthread_setspecific(key.key, mine_);
    return &mine_->own;
  }
  if (mine_->lent == kDeepest) throw std::bad_alloc();
  return new Scratch;
}

}  // namespace stogger
