// Limits on what programs, and those whose data they log, decide. See
// docs/limits.md.
#pragma once

#include <cstddef>

namespace stogger {

// All of one event, as JSON. Longer ones are shortened, see event/shorten.h;
// nothing above it is parsed, measured or copied before that.
inline constexpr std::size_t kLargestEvent = std::size_t{1024} * 1024;

// The fields of one event. Later ones are left out.
inline constexpr std::size_t kMostFields = 4096;

// Scopes within one another. Name and fields of one deeper inside are left out.
inline constexpr int kMostScopes = 1000;

// The columns that a first batch of samples makes. Later ones are left out.
inline constexpr std::size_t kMostColumns = 1600;

// A thread keeps less memory than this of each kind from one log call to the
// next. A power of two.
inline constexpr std::size_t kKeptByThread = std::size_t{64} * 1024;

}  // namespace stogger
