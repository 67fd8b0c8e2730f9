// Values that are not to be shown, because they came out of the environment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stogger {

struct HiddenValue {
  std::string value;
  std::string shown;  // what stands in its place: ${NAME}
};

// The text with every one of these values replaced. A value may stand there as
// it is or as quoted() writes it. Values of less than three bytes are left:
// they are no secrets, and would be found everywhere.
std::string hide_values(const std::vector<HiddenValue>& values,
                        std::string_view text);

}  // namespace stogger
