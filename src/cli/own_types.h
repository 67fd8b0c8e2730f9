// Types of sinks that a program registers itself, and which only it has.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "stogger/status.h"

namespace stogger {

// From now on, sinks of that type are taken with whatever options they have;
// they cannot be checked, nor opened.
Status add_own_type(const std::string& type);

// The same for those types of the configuration that nobody knows, with a
// warning for each; but not for what looks like a slip of one that is known.
void add_own_types(const Config& config, std::vector<Problem>* problems);

}  // namespace stogger
