// The keys of [stogger] that say what is a secret: redact, redact_keys and
// redact_values.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/tree.h"
#include "stogger/sink.h"

namespace stogger {

// `given` is what the table has, and `options` the same. Adds what is right to
// the configuration. A list that is wrong hides what is hidden without one;
// patterns that are right count, whatever the others are.
void read_redaction(Options& options, const Node& table,
                    const std::vector<OwnedOption>& given, Config* config,
                    std::vector<Problem>* problems);

// The same as TOML, as describe() has it.
std::string describe_redaction(const Config& config);

}  // namespace stogger
