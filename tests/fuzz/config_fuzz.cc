// Arbitrary bytes as a configuration: nothing may crash, throw or hang, every
// problem is one line, and at least one sink is built unless the text says
// otherwise. The sinks are made and never opened, so no file is touched.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace stogger;
  const std::string_view toml(reinterpret_cast<const char*>(data), size);
  std::vector<Problem> problems;
  const Config config = read_config(toml, "fuzz.toml", &problems);
  const std::vector<BuiltSink> sinks =
      build_sinks(config, Clock::real(), &problems);
  sort_problems(&problems);
  for (const Problem& problem : problems) {
    if (to_line(problem).find('\n') != std::string::npos) std::abort();
  }
  if (sinks.empty() && problems.empty()) std::abort();

  // What is shown of a configuration without problems can be read again.
  if (!problems.empty()) return 0;
  std::vector<Problem> problems_again;
  const Config again =
      read_config(describe(config, sinks), "again.toml", &problems_again);
  if (!problems_again.empty()) std::abort();
  return 0;
}
