// Limits: how many events of a kind pass. What is left out is counted, and the
// next event of that kind that passes says how many there were.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/name_pattern.h"
#include "stogger/log.h"

namespace stogger {

struct LimitRule {
  // Which events; all without one.
  std::optional<NamePattern> event{};
  std::optional<NamePattern> logger{};

  // At most so many a second, all of the rule together, and so many at once;
  // or that share of them, from 0 to 1.
  double per_second = 0;
  double burst = 0;
  bool is_sample = false;
  double sample = 1;
  // A field whose value decides, so that all events that have the same one pass
  // or none does, in other processes too. Events without it are picked one by
  // one.
  std::string sample_by{};

  bool operator==(const LimitRule&) const = default;
};

// Callable from any thread. Costs 50 ns at most for an event that is left out.
class Limits {
 public:
  // A rule that `before` has, too, goes on where it is there.
  explicit Limits(const std::vector<LimitRule>& rules,
                  const Limits* before = nullptr);
  ~Limits();
  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

  // False if the event is left out. *left_out is how many were, of the rule
  // that this one passes, and are not reported yet. The first rule that is for
  // an event counts.
  bool pass(const detail::LoggerRep* logger, const detail::Call& call,
            std::int64_t now_ns, std::uint64_t* left_out) noexcept;

 private:
  struct Limit;

  std::shared_ptr<Limit> find(const LimitRule& rule) const;
  Limit* find(std::string_view event, std::string_view logger) const noexcept;

  // Those after them may have the same ones.
  std::vector<std::shared_ptr<Limit>> limits_;
};

}  // namespace stogger
