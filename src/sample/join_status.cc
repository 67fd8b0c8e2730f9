#include "stogger/join_status.h"

#include <algorithm>
#include <vector>

namespace stogger {

std::string join_status(const std::string_view* codes, std::size_t count) {
  std::vector<std::string_view> sorted(codes, codes + count);
  std::erase(sorted, std::string_view());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::string joined;
  for (const std::string_view code : sorted) {
    if (!joined.empty()) joined += ',';
    joined += code;
  }
  return joined;
}

std::string join_status(std::initializer_list<std::string_view> codes) {
  return join_status(codes.begin(), codes.size());
}

}  // namespace stogger
