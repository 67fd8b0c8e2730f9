// ${VAR} in the strings of a configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/hidden.h"

namespace stogger {

struct Expanded {
  std::string text;
  // The same, fit to be shown: variables stay as they were written.
  std::string shown;
  std::string literal;  // the same with %PASSWORD% for each variable
  std::string error;    // what is wrong, if something is
  // The values that must not get into a message. A path is not one of them,
  // unless the variable's name tells of a secret: a message about a file is of
  // little use without its path.
  std::vector<HiddenValue> hidden;
};

// Replaces each ${NAME} by that environment variable. $${ stands for ${ itself;
// every other $ is kept. In a program with more rights than its caller any
// variable is an error.
Expanded expand_variables(std::string_view text);

// True if what goes by this name, of an option or a variable, is likely a
// secret: DB_PASSWORD, STRIPE_SK, api_key, dsn.
bool tells_of_secret(std::string_view name) noexcept;

// Writes text so that expand_variables() gives it back.
std::string protect_variables(std::string_view text);

}  // namespace stogger
