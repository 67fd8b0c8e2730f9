// Lets system calls or allocations of this program fail, one after the other.
//
// The functions of the C library that the sinks use are defined anew in this
// program, in front of the real ones. So they also stand in for those that
// libsqlite3.so calls. They fail only on the thread that asked for it.
#pragma once

#include <string>
#include <string_view>

namespace stogger {

enum class Extent {
  once,           // that call only
  same_function,  // that call, and all later ones of the same function
  everything,     // that call, and all later ones
};

enum class Victim { system_calls, allocations };

// Which call is to fail, and how.
struct Fault {
  int call = 0;   // counted from 1; 0: none, calls are only counted
  int error = 0;  // errno; 0: a write that takes only a half, and else EIO
  Extent extent = Extent::once;
  Victim victim = Victim::system_calls;
};

// Why allocations cannot fail in this program; empty if they can.
std::string_view cannot_fail_allocations();

// While it lives and goes on, calls of this thread are counted and fail as
// told. One at a time. Begins paused.
class FaultScope {
 public:
  explicit FaultScope(const Fault& fault);
  ~FaultScope();
  FaultScope(const FaultScope&) = delete;
  FaultScope& operator=(const FaultScope&) = delete;

  static void go_on();  // does nothing without a FaultScope
  static void pause();

  int calls() const;   // so far
  int failed() const;  // of them
  // The function of the first call that failed; empty if none has.
  std::string function() const;
};

// How often this thread has called a function since the last FaultScope began.
int calls_of(const char* function);

}  // namespace stogger
