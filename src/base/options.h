// What the configuration needs of Options beyond what a sink does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_value.h"
#include "stogger/module.h"
#include "stogger/sink.h"

namespace stogger {

// An option as a factory read it: what was given, or the default.
struct UsedOption {
  std::string key;
  OwnedValue value;
};

// What is wrong with an option, or unwise.
struct OptionProblem {
  std::string key;
  std::string text;
};

class OptionsAccess {
 public:
  // The table of a TOML file the options stand in, "stogger.sinks.audit", and
  // the keys it may have besides those the factory asks for. For messages.
  static void set_table(Options& options, std::string table,
                        std::vector<std::string> other_keys);

  // What the factory gets for the methods of these names. A null clock is
  // Clock::real().
  static void set_identifier(Options& options, std::string_view identifier);
  static void set_sink_name(Options& options, std::string_view name);
  static void set_clock(Options& options, Clock* clock) noexcept;
  static void set_for_samples(Options& options) noexcept;

  // All that is wrong, in the order in which it was found.
  static const std::vector<OptionProblem>& problems(
      const Options& options) noexcept;

  // What was read, in that order. Lists that were not given are left out.
  static const std::vector<UsedOption>& used(const Options& options) noexcept;

  // The keys that the factory asked for, whether they were given or not.
  static const std::vector<std::string>& known(const Options& options) noexcept;

  // What Options::warning() was given.
  static const std::vector<OptionProblem>& warnings(
      const Options& options) noexcept;

  // Takes all that was given as it is, as if a factory had read it.
  static void take_all(Options& options);

  // Options::choice() for names that are not known until it is called, by
  // index. `fallback` may be beyond the names: nothing is chosen then.
  static std::size_t choice(Options& options, std::string_view key,
                            const std::vector<std::string>& names,
                            std::size_t fallback);

  // Whether the option was given as a table, for those that may be a list, too.
  static bool is_table(Options& options, std::string_view key);

  // For modules only, where every method asks the host: see
  // src/module/guest/options.cc.
  static void attach(Options& options, const stogger_options* host) noexcept;
};

}  // namespace stogger
