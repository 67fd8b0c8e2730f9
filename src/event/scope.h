// The scopes of this thread, as seen by whoever composes an event.
#pragma once

#include <cstddef>

#include "event/owned_fields.h"
#include "stogger/log.h"

namespace stogger {

class ScopeChain {
 public:
  // The innermost scope of this thread; null outside of all.
  static const Scope* innermost() noexcept { return innermost_; }
  static const Scope* outer(const Scope* scope) noexcept {
    return scope->parent_;
  }
  // Null if there was no memory for the copy.
  static const OwnedFields* context(const Scope* scope) noexcept {
    return static_cast<const OwnedFields*>(scope->context_);
  }

 private:
  friend class Scope;
  static constinit thread_local const Scope* innermost_;
};

}  // namespace stogger
