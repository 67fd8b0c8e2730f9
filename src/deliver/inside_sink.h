// Whether this thread is inside a sink, or about to be: what that logs would
// come back to the same sink, or wait for it forever.
#pragma once

namespace stogger {

class InsideSink {
 public:
  InsideSink() noexcept : before_(inside_) { inside_ = true; }
  ~InsideSink() { inside_ = before_; }
  InsideSink(const InsideSink&) = delete;
  InsideSink& operator=(const InsideSink&) = delete;

  static bool is_here() noexcept { return inside_; }

 private:
  static constinit inline thread_local bool inside_ = false;

  const bool before_;
};

}  // namespace stogger
