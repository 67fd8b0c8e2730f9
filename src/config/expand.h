// ${VAR} in the strings of a configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stogger {

struct Expanded {
  std::string text;
  // The same, fit to be shown: variables whose name tells of a secret stay as
  // they were written.
  std::string shown;
  std::string error;                 // what is wrong, if something is
  std::vector<std::string> secrets;  // the values of those variables
};

// Replaces each ${NAME} by that environment variable. $${ stands for ${ itself;
// every other $ is kept.
Expanded expand_variables(std::string_view text);

// Writes text so that expand_variables() gives it back.
std::string protect_variables(std::string_view text);

}  // namespace stogger
