// The scopes of this thread, as seen by whoever composes an event.
//
// A scope is a link of a chain that leads outwards. Links are counted, so that
// a Context can hold a chain for longer than its scopes last, and a Scope that
// ends where it should not leaves nothing behind that points to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "event/owned_fields.h"
#include "event/target.h"
#include "stogger/log.h"

namespace stogger {

// The event of a scope that an exception ends.
inline constexpr std::string_view kScopeFailed = "scope-failed";

namespace detail {

// Immutable once it is in a chain, but for the count of references.
struct ScopeRep {
  ScopeRep(std::string_view name, Fields fields) : own(name, {}, fields) {}

  const OwnedFields own;
  const ScopeRep* parent = nullptr;  // holds a reference to it
  int depth = 1;
  std::uint64_t number = 0;  // of the outermost one around it, or of itself
  // That of its Scope, and that of the thread.
  mutable std::atomic<std::int64_t> references{2};
};

}  // namespace detail

class ScopeChain {
 public:
  // The innermost scope of this thread; null outside of all.
  static const detail::ScopeRep* innermost() noexcept { return innermost_; }
  // Tells outermost scopes from each other, of all threads and of those that
  // have ended; 0 outside of all.
  static std::uint64_t outermost_number() noexcept {
    return innermost_ != nullptr ? innermost_->number : 0;
  }

  // Begins a scope of a logger of that target. Null, and without effect, if
  // there is no memory for it or if kMostScopes are around it.
  static const detail::ScopeRep* enter(const EventTarget& target,
                                       std::string_view name,
                                       Fields fields) noexcept;
  // Ends it. If this thread is inside of it, it then is outside, and outside of
  // all that began within it. If not, nothing changes here.
  static void leave(const detail::ScopeRep* scope) noexcept;

  // True if it is one of this thread's.
  static bool is_inside(const detail::ScopeRep* scope) noexcept;

  // The scopes of this thread; that scope and those around it.
  static Context current() noexcept;
  static Context context_of(const detail::ScopeRep* scope) noexcept;
  // Takes over a reference, and hands out the one to what was innermost before.
  static const detail::ScopeRep* exchange(
      const detail::ScopeRep* scope) noexcept;
  // Tells threads from each other.
  static const void* thread() noexcept { return &innermost_; }

 private:
  static bool has_ended() noexcept;
  static void drop_ended() noexcept;

  static constinit thread_local const detail::ScopeRep* innermost_;
};

}  // namespace stogger
