#include "deliver/scratch.h"

#include <pthread.h>

#include <cstddef>
#include <new>

namespace stogger {
namespace {

// Events of usual size never make a buffer larger than this; the memory of
// larger ones is given back.
constexpr std::size_t kMostKept = std::size_t{64} * 1024;

// A type that logs itself while it is written out would go on for ever.
constexpr int kDeepest = 8;

struct ThreadScratch {
  Scratch own;
  int lent = 0;  // to this many calls, each within the one before
};

// A plain pointer outlives the destructors of thread_local objects; the key
// below frees what it points to after them. glibc runs the destructors of keys
// last, and again if they were set anew meanwhile.
thread_local ThreadScratch* thread_scratch = nullptr;

void free_thread_scratch(void* scratch) {
  thread_scratch = nullptr;
  delete static_cast<ThreadScratch*>(scratch);
}

// Made when the program is loaded: a child must not find it half made by
// another thread. There may be none left (of 1024); then the memory is not
// freed.
struct Key {
  pthread_key_t key = 0;
  bool exists = pthread_key_create(&key, &free_thread_scratch) == 0;
};
const Key key;

ThreadScratch& this_thread() {
  if (thread_scratch == nullptr) {
    thread_scratch = new ThreadScratch;
    if (key.exists) pthread_setspecific(key.key, thread_scratch);
  }
  return *thread_scratch;
}

}  // namespace

ScratchLease::ScratchLease() {
  ThreadScratch& mine = this_thread();
  if (mine.lent == kDeepest) throw std::bad_alloc();
  scratch_ = mine.lent == 0 ? &mine.own : new Scratch;
  ++mine.lent;
}

ScratchLease::~ScratchLease() {
  --thread_scratch->lent;
  if (scratch_ != &thread_scratch->own) {
    delete scratch_;
    return;
  }
  scratch_->event.buffer.recycle(kMostKept);
  scratch_->message.recycle(kMostKept);
  scratch_->row.text.recycle(kMostKept);
}

}  // namespace stogger
