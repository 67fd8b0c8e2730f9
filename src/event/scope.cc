#include "event/scope.h"

#include <exception>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "event/logger.h"

namespace stogger {

namespace detail {

void retain(const ScopeRep* rep) noexcept {
  rep->references.fetch_add(1, std::memory_order_relaxed);
}

void release(const ScopeRep* rep) noexcept {
  while (rep != nullptr &&
         rep->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete std::exchange(rep, rep->parent);
  }
}

}  // namespace detail

using detail::ScopeRep;

constinit thread_local const ScopeRep* ScopeChain::innermost_ = nullptr;

namespace {

// Of the next outermost scope. Threads take numbers by the million, so that
// they do not wait for each other.
std::uint64_t next_number() noexcept {
  constexpr std::uint64_t kMany = 1 << 20;
  static std::atomic<std::uint64_t> taken{1};
  static thread_local std::uint64_t next = 0;
  if (next % kMany == 0) next = taken.fetch_add(1) * kMany;
  return next++;
}

}  // namespace

// Whether the innermost scope has ended on another thread, and nobody but this
// thread refers to it any more.
bool ScopeChain::has_ended() noexcept {
  return innermost_ != nullptr &&
         innermost_->references.load(std::memory_order_acquire) == 1;
}

void ScopeChain::drop_ended() noexcept {
  while (has_ended()) delete std::exchange(innermost_, innermost_->parent);
}

bool ScopeChain::is_inside(const ScopeRep* scope) noexcept {
  const ScopeRep* around = innermost_;
  while (around != nullptr && around != scope) around = around->parent;
  return around != nullptr;
}

const ScopeRep* ScopeChain::enter(const EventTarget& target,
                                  std::string_view name,
                                  Fields fields) noexcept {
  try {
    // Writing values out may begin and end scopes itself.
    auto scope = std::make_unique<ScopeRep>(name, fields);
    // An event that is on its way may look at them.
    if (has_ended() && !target.is_delivering()) drop_ended();
    if (innermost_ != nullptr) scope->depth += innermost_->depth;
    if (scope->depth > kMostScopes) return nullptr;
    scope->parent = innermost_;
    scope->number = innermost_ != nullptr ? innermost_->number : next_number();
    return innermost_ = scope.release();
  } catch (...) {
    return nullptr;
  }
}

void ScopeChain::leave(const ScopeRep* scope) noexcept {
  if (scope == nullptr) return;
  // Nearly always: nobody else refers to it, so that nothing has to be counted.
  if (innermost_ == scope &&
      scope->references.load(std::memory_order_acquire) == 2) {
    innermost_ = scope->parent;
    delete scope;
    return;
  }
  if (is_inside(scope)) {
    if (scope->parent != nullptr) detail::retain(scope->parent);
    detail::release(exchange(scope->parent));
  }
  detail::release(scope);
}

Context ScopeChain::current() noexcept { return context_of(innermost_); }

Context ScopeChain::context_of(const ScopeRep* scope) noexcept {
  if (scope != nullptr) detail::retain(scope);
  return Context(scope);
}

const ScopeRep* ScopeChain::exchange(const ScopeRep* scope) noexcept {
  return std::exchange(innermost_, scope);
}

Scope::Scope(const Logger& log, std::string_view name, Fields fields,
             Where where) noexcept
    : log_(log), where_(where), exceptions_(std::uncaught_exceptions()) {
  EventTarget& target =
      log_.rep_ != nullptr ? *log_.rep_->target : default_target();
  started_ns_ = target.clock()->monotonic_ns();
  rep_ = ScopeChain::enter(target, name, fields);
}

Scope::~Scope() {
  const bool failed = std::uncaught_exceptions() > exceptions_;
  const Level level = failed ? Level::warning : Level::debug;
  if (log_.enabled(level)) log_end(failed, level);
  ScopeChain::leave(rep_);
}

// Still inside: the event gets the scope's name and fields like any other.
void Scope::log_end(bool failed, Level level) const noexcept {
  if (rep_ != nullptr && !ScopeChain::is_inside(rep_)) {
    const ContextGuard guard(ScopeChain::context_of(rep_));
    return log_end(failed, level);
  }
  EventTarget& target =
      log_.rep_ != nullptr ? *log_.rep_->target : default_target();
  const double duration_ms =
      static_cast<double>(target.clock()->monotonic_ns() - started_ns_) / 1e6;
  log_.log(level, failed ? kScopeFailed : "scope-end",
           {{"duration_ms", duration_ms}}, {}, where_);
}

Context Context::current() noexcept { return ScopeChain::current(); }

ContextGuard::ContextGuard(Context context) noexcept
    : context_(std::move(context)),
      before_(ScopeChain::exchange(context_.rep_)),
      thread_(ScopeChain::thread()) {
  if (context_.rep_ != nullptr) detail::retain(context_.rep_);
}

ContextGuard::~ContextGuard() {
  const bool is_here = thread_ == ScopeChain::thread();
  detail::release(is_here ? ScopeChain::exchange(before_) : before_);
}

}  // namespace stogger
