#include "os/program_name.h"

#include <errno.h>
#include <unistd.h>

#include <climits>
#include <string>

#include "base/quote.h"
#include "os/ownership.h"

namespace stogger {
namespace {

std::string read_name() {
  std::string name = ::program_invocation_short_name;
  if (has_more_rights_than_caller()) {
    char path[PATH_MAX];
    const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
    name.assign(path, size < 0 ? 0 : static_cast<std::size_t>(size));
    name.erase(0, name.rfind('/') + 1);
  }
  return name.empty() ? "unknown" : printable(name);
}

}  // namespace

std::string_view program_name() noexcept {
  try {
    static const std::string& name = *new std::string(read_name());
    return name;
  } catch (...) {
    return "unknown";
  }
}

}  // namespace stogger
