// Samples that are told apart by a number.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "stogger/sample.h"

namespace stogger {

// A field has to live as long as the sample.
class Numbered {
 public:
  explicit Numbered(std::int64_t n) : field_("n", n) {}
  operator Sample() const {  // NOLINT: it is one
    return {.device = "d", .fields = {&field_, 1}};
  }

 private:
  Field field_;
};

inline std::vector<Numbered> numbered(std::int64_t count) {
  std::vector<Numbered> samples;
  for (std::int64_t i = 0; i < count; ++i) samples.emplace_back(i);
  return samples;
}

inline std::vector<std::int64_t> sequence(std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace stogger
