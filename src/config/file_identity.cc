#include "config/file_identity.h"

#include <filesystem>

namespace stogger {

std::string file_identity(std::string_view path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  auto real = std::filesystem::weakly_canonical(absolute, error);
  if (error) real = absolute.lexically_normal();
  if (std::filesystem::is_other(real, error)) return {};
  return real.string();
}

}  // namespace stogger
