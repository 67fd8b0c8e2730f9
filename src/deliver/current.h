// Current: what calls go by, replaced as a whole while calls are under way; and
// who goes by what was replaced, so that it is destroyed when nobody does.
//
// Each thread has a mark, which it puts on what its call goes by. That costs
// two stores and a load, and no barrier: whoever looks at the marks passes one
// on all threads (os/memory_barrier.h). A call within a call, and all who need
// no speed, count as visitors instead.
#pragma once

#include <atomic>
#include <cstdint>

namespace stogger {

// How many go by something without a mark.
class Visitors {
 public:
  void enter() const noexcept {
    ++of_thread_;
    count_.fetch_add(1, std::memory_order_seq_cst);
  }
  // On the same thread.
  void leave() const noexcept {
    count_.fetch_sub(1, std::memory_order_release);
    --of_thread_;
  }
  bool are_any() const noexcept {
    return count_.load(std::memory_order_seq_cst) != 0;
  }
  // In a child after fork(), where the other threads do not exist. If this one
  // is a visitor, of whatever it may be, they stay.
  void forget_other_threads() noexcept {
    if (of_thread_ == 0) count_.store(0, std::memory_order_relaxed);
  }

 private:
  static constinit inline thread_local int of_thread_ = 0;

  mutable std::atomic<std::uint32_t> count_{0};
};

template <class T>
class Current {
 public:
  void set(const T* target) noexcept {
    target_.store(target, std::memory_order_seq_cst);
  }
  // It lives as long as the caller keeps it from being destroyed: by a mark, as
  // a visitor, or by a lock.
  const T* get() const noexcept {
    return target_.load(std::memory_order_seq_cst);
  }
  const Visitors& visitors() const noexcept { return visitors_; }
  Visitors& visitors() noexcept { return visitors_; }

 private:
  std::atomic<const T*> target_{nullptr};
  Visitors visitors_;
};

// Keeps what is current until the end of the block.
template <class T>
class Visit {
 public:
  explicit Visit(const Current<T>& current) noexcept
      : visitors_(current.visitors()) {
    visitors_.enter();
    target_ = current.get();
  }
  ~Visit() { visitors_.leave(); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  const T* operator->() const noexcept { return target_; }
  const T& operator*() const noexcept { return *target_; }

 private:
  const Visitors& visitors_;
  const T* target_;
};

// What the call under way on a thread goes by.
class ThreadMark {
 public:
  bool is_set() const noexcept {
    return target_.load(std::memory_order_relaxed) != nullptr;
  }
  template <class T>
  [[gnu::always_inline]] const T* put_on(const Current<T>& current) noexcept {
    const T* target = current.get();
    while (true) {
      target_.store(target, std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      // If it was replaced meanwhile, the mark may have come too late.
      const T* const now = current.get();
      if (now == target) [[likely]]
        return target;
      target = now;
    }
  }
  void clear() noexcept { target_.store(nullptr, std::memory_order_release); }
  bool is_on(const void* target) const noexcept {
    return target_.load(std::memory_order_acquire) == target;
  }

 private:
  std::atomic<const void*> target_{nullptr};
};

}  // namespace stogger
