// What the events of a piece of work have in common, taken along: Context
// carries the scopes of a thread to another one, trace_context() the ids of a
// trace from another service.
#pragma once

#include <cstddef>
#include <string_view>

#include "stogger/export.h"
#include "stogger/value.h"

namespace stogger {

class ScopeChain;

namespace detail {

struct ScopeRep;

STOGGER_API void retain(const ScopeRep* rep) noexcept;
STOGGER_API void release(const ScopeRep* rep) noexcept;

}  // namespace detail

// The scopes that a thread was inside of: their names and fields. Cheap to copy
// (a counted reference), never changes, stays valid after these scopes have
// ended, and may be used from any thread.
//
//   stogger::Context context = stogger::Context::current();
//   std::thread([context] {
//     stogger::ContextGuard guard(context);
//     stogger::info("on-another-thread");  // with the same scopes
//   });
class Context {
 public:
  // Outside of all scopes.
  Context() noexcept = default;
  // The scopes that this thread is inside of now.
  [[nodiscard]] STOGGER_API static Context current() noexcept;

  Context(const Context& other) noexcept : rep_(other.rep_) {
    if (rep_ != nullptr) detail::retain(rep_);
  }
  Context(Context&& other) noexcept : rep_(other.rep_) { other.rep_ = nullptr; }
  Context& operator=(Context other) noexcept {
    const detail::ScopeRep* const rep = rep_;
    rep_ = other.rep_;
    other.rep_ = rep;
    return *this;
  }
  ~Context() {
    if (rep_ != nullptr) detail::release(rep_);
  }

 private:
  friend class ContextGuard;
  friend class ScopeChain;
  // Takes over a reference.
  explicit Context(const detail::ScopeRep* rep) noexcept : rep_(rep) {}

  const detail::ScopeRep* rep_ = nullptr;  // null: outside of all
};

// Puts this thread inside the scopes of a context, in place of its own, until
// the closing brace; then the thread is inside of what it was before, whatever
// has begun on it and not ended meanwhile. Around each resume() of a coroutine,
// it keeps the coroutine's scopes from the thread's other work.
//
// Only for the stack. One that ends on another thread than it began on, as in a
// coroutine that was suspended meanwhile, changes nothing there; the thread it
// began on stays inside the context until a guard around it ends.
class STOGGER_API ContextGuard {
 public:
  explicit ContextGuard(Context context) noexcept;
  ~ContextGuard();

  ContextGuard(const ContextGuard&) = delete;
  ContextGuard& operator=(const ContextGuard&) = delete;
  static void* operator new(std::size_t) = delete;
  static void* operator new[](std::size_t) = delete;

 private:
  const Context context_;
  const detail::ScopeRep* const before_;
  const void* const thread_;  // where it began
};

class TraceContext;

// Reads the header `traceparent` of the W3C's recommendation Trace Context:
//
//   stogger::Scope scope("request", stogger::trace_context(header));
//   auto log = stogger::logger("http").with(stogger::trace_context(header));
//
// `span_id` is the span of the caller, which the header calls parent-id. A
// header that is not valid by that document has no ids: another length, upper
// case, an id of zeros alone, version ff. Of versions above 00, what follows
// the flags is left out.
STOGGER_API [[nodiscard]] TraceContext trace_context(
    std::string_view traceparent) noexcept;

// The ids of a trace, as the fields `trace_id` and `span_id`; no fields if
// there is none. Owns its text.
class STOGGER_API TraceContext {
 public:
  TraceContext() noexcept = default;
  TraceContext(const TraceContext& other) noexcept { *this = other; }
  TraceContext& operator=(const TraceContext& other) noexcept;

  // In hexadecimal digits, 32 and 16 of them; empty if there is none.
  std::string_view trace_id() const noexcept;
  std::string_view span_id() const noexcept;

  operator Fields() const noexcept STOGGER_LIFETIMEBOUND {
    return {fields_, is_known_ ? std::size_t{2} : 0};
  }

 private:
  static constexpr std::size_t kTraceId = 32;
  static constexpr std::size_t kSpanId = 16;

  friend TraceContext trace_context(std::string_view traceparent) noexcept;

  bool is_known_ = false;
  char text_[kTraceId + kSpanId] = {};
  const Field fields_[2] = {
      {"trace_id", std::string_view(text_, kTraceId)},
      {"span_id", std::string_view(text_ + kTraceId, kSpanId)}};
};

}  // namespace stogger
