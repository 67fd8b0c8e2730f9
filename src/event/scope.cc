#include "event/scope.h"

#include <exception>
#include <new>

#include "event/logger.h"

namespace stogger {

constinit thread_local const Scope* ScopeChain::innermost_ = nullptr;

Scope::Scope(const Logger& log, std::string_view name, Fields fields,
             Where where) noexcept
    : parent_(ScopeChain::innermost_),
      log_(log),
      where_(where),
      exceptions_(std::uncaught_exceptions()) {
  EventTarget& target =
      log_.rep_ != nullptr ? *log_.rep_->target : default_target();
  started_ns_ = target.clock()->monotonic_ns();
  try {
    context_ = new OwnedFields(name, {}, fields);
  } catch (...) {
    context_ = nullptr;
  }
  ScopeChain::innermost_ = this;
}

Scope::~Scope() {
  const bool failed = std::uncaught_exceptions() > exceptions_;
  const Level level = failed ? Level::warning : Level::debug;
  if (log_.enabled(level)) {
    EventTarget& target =
        log_.rep_ != nullptr ? *log_.rep_->target : default_target();
    const double duration_ms =
        static_cast<double>(target.clock()->monotonic_ns() - started_ns_) / 1e6;
    // Still inside: the event gets the scope's name and fields like any other.
    log_.log(level, failed ? "scope-failed" : "scope-end",
             {{"duration_ms", duration_ms}}, {}, where_);
  }
  ScopeChain::innermost_ = parent_;
  delete static_cast<const OwnedFields*>(context_);
}

}  // namespace stogger
