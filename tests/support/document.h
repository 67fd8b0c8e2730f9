// The blocks of docs/operations.md that tests run.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/temp_folder.h"

namespace stogger {

// All of it that reads `what` is replaced. It has to be there.
inline std::string replaced(std::string text, std::string_view what,
                            std::string_view by) {
  std::size_t at = text.find(what);
  if (at == text.npos) throw std::runtime_error("no " + std::string(what));
  for (; at != text.npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// The block after <!-- recipe NAME -->.
inline std::string recipe(std::string_view name) {
  const std::string text =
      read_file(std::string(STOGGER_SOURCE_DIR) + "/docs/operations.md");
  const std::string mark = "<!-- recipe " + std::string(name) + " -->\n\n```";
  const std::size_t at = text.find(mark);
  if (at == text.npos) throw std::runtime_error("no " + mark);
  const std::size_t from = text.find('\n', at + mark.size()) + 1;
  return text.substr(from, text.find("```\n", from) - from);
}

}  // namespace stogger
