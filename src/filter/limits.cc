#include "filter/limits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/crc32c.h"
#include "base/number.h"
#include "event/logger.h"
#include "event/scope.h"

namespace stogger {
namespace {

constexpr double kSecond = 1e9;  // in ns
// A century: what is later may not be added to a time.
constexpr double kLongest = 3e18;

// Spreads the bits of a number over all of it: the finalizer of SplitMix64.
std::uint64_t spread(std::uint64_t bits) noexcept {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

const Value* find_value(Fields fields, std::string_view key) noexcept {
  for (std::size_t i = fields.size(); i-- > 0;) {
    if (fields.begin()[i].key == key) return &fields.begin()[i].value;
  }
  return nullptr;
}

// As the event will have it: the call's own fields come last.
const Value* find_value(const detail::LoggerRep* logger,
                        const detail::Call& call,
                        std::string_view key) noexcept {
  if (const Value* value = find_value(call.fields, key)) return value;
  if (logger != nullptr) {
    if (const Value* value = find_value(logger->bound.fields(), key)) {
      return value;
    }
  }
  for (const detail::ScopeRep* scope = ScopeChain::innermost();
       scope != nullptr; scope = scope->parent) {
    if (const Value* value = find_value(scope->own.fields(), key)) return value;
  }
  return nullptr;
}

// The same for 42 and "42": what one service has as a number, another may have
// as text. Nothing for what has no text.
std::optional<std::uint64_t> hash_of(const Value& value) noexcept {
  char number[kNumberSize];
  const char* begin = number;
  const char* end = number;
  switch (value.kind()) {
    case Kind::text:
      begin = value.text().data();
      end = begin + value.text().size();
      break;
    case Kind::integer:
      end = write_integer(number, value.integer());
      break;
    case Kind::unsigned_integer:
      end = write_unsigned(number, value.unsigned_integer());
      break;
    default:
      return std::nullopt;
  }
  const auto bytes = std::as_bytes(std::span(begin, end));
  // Spread, for texts that are much alike have checksums that are.
  return spread(std::uint64_t{crc32c(bytes)} * 0x9E3779B97F4A7C15);
}

}  // namespace

// The rate is kept by the generic cell rate algorithm: `due` is when the
// allowance will be full again.
struct Limits::Limit {
  explicit Limit(const LimitRule& limit) : rule(limit) {
    if (rule.is_sample) {
      constexpr double kAll = 18446744073709551616.0;  // 2^64
      most_picked = rule.sample >= 1
                        ? std::numeric_limits<std::uint64_t>::max()
                        : static_cast<std::uint64_t>(rule.sample * kAll);
      return;
    }
    const double each =
        rule.per_second > 0 ? kSecond / rule.per_second : kLongest;
    each_ns = static_cast<std::int64_t>(std::min(each, kLongest));
    const double room = (std::max(rule.burst, 1.0) - 1) * each;
    room_ns = static_cast<std::int64_t>(std::min(room, kLongest));
  }

  bool is_for(std::string_view event, std::string_view logger) const noexcept {
    return (!rule.event || rule.event->matches(event)) &&
           (!rule.logger || rule.logger->matches(logger));
  }

  bool is_picked(const detail::LoggerRep* logger,
                 const detail::Call& call) noexcept {
    if (!rule.sample_by.empty()) {
      const Value* const value = find_value(logger, call, rule.sample_by);
      const auto hash = value != nullptr ? hash_of(*value) : std::nullopt;
      if (hash.has_value()) return *hash < most_picked || rule.sample >= 1;
    }
    // Steps of the golden ratio, spread: no pattern in the calls meets one
    // here.
    const std::uint64_t step =
        asked.fetch_add(0x9E3779B97F4A7C15, std::memory_order_relaxed);
    return spread(step) < most_picked || rule.sample >= 1;
  }

  bool has_room(std::int64_t now_ns) noexcept {
    if (rule.per_second <= 0) return false;
    std::int64_t due = due_ns.load(std::memory_order_relaxed);
    for (;;) {
      if (due > now_ns && due - now_ns > room_ns) return false;
      const std::int64_t next = std::max(due, now_ns) + each_ns;
      if (due_ns.compare_exchange_weak(due, next, std::memory_order_relaxed)) {
        return true;
      }
    }
  }

  const LimitRule rule;
  std::int64_t each_ns = 0;
  std::int64_t room_ns = 0;
  std::uint64_t most_picked = 0;
  std::atomic<std::int64_t> due_ns{std::numeric_limits<std::int64_t>::min()};
  std::atomic<std::uint64_t> asked{0};
  std::atomic<std::uint64_t> left_out{0};
};

Limits::Limits(const std::vector<LimitRule>& rules, const Limits* before) {
  for (const LimitRule& rule : rules) {
    std::shared_ptr<Limit> limit =
        before != nullptr ? before->find(rule) : nullptr;
    // Of two rules that are the same, the second one is never reached.
    if (limit == nullptr) limit = std::make_shared<Limit>(rule);
    limits_.push_back(std::move(limit));
  }
}

Limits::~Limits() = default;

std::shared_ptr<Limits::Limit> Limits::find(const LimitRule& rule) const {
  const auto found =
      std::find_if(limits_.begin(), limits_.end(),
                   [&](const auto& limit) { return limit->rule == rule; });
  return found == limits_.end() ? nullptr : *found;
}

Limits::Limit* Limits::find(std::string_view event,
                            std::string_view logger) const noexcept {
  for (const auto& limit : limits_) {
    if (limit->is_for(event, logger)) return limit.get();
  }
  return nullptr;
}

bool Limits::pass(const detail::LoggerRep* logger, const detail::Call& call,
                  std::int64_t now_ns, std::uint64_t* left_out) noexcept {
  *left_out = 0;
  const std::string_view name =
      logger != nullptr ? logger->bound.name() : std::string_view();
  Limit* const limit = find(call.event, name);
  if (limit == nullptr) return true;
  const bool passes = limit->rule.is_sample ? limit->is_picked(logger, call)
                                            : limit->has_room(now_ns);
  if (!passes) {
    limit->left_out.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (limit->left_out.load(std::memory_order_relaxed) != 0) {
    *left_out = limit->left_out.exchange(0, std::memory_order_relaxed);
  }
  return true;
}

}  // namespace stogger
