#include "config/expand.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdlib>

#include "base/names.h"
#include "base/quote.h"
#include "base/scrub.h"
#include "os/ownership.h"

namespace stogger {
namespace {

constexpr std::string_view kMark = "${";
constexpr std::string_view kHostName = "HOSTNAME";
constexpr std::string_view kPlaceholder = "%PASSWORD%";

// Shells have this variable and do not export it, and services lack it. The
// name of the machine is there for all.
void expand_host_name(Expanded* out) {
  const char* given = ::secure_getenv("HOSTNAME");
  char name[HOST_NAME_MAX + 1] = {};
  if (given == nullptr || *given == '\0') {
    static_cast<void>(::gethostname(name, HOST_NAME_MAX));
    given = name;
  }
  out->text += given;
  out->shown += "${HOSTNAME}";
  out->literal += given;
}

void expand_one(std::string_view name, Expanded* out) {
  if (!is_identifier(name)) {
    out->error = quoted("${" + std::string(name) + "}") +
                 " names no environment variable; write $${ for ${ itself";
    return;
  }
  const std::string variable(name);
  if (name == kHostName) return expand_host_name(out);
  if (has_more_rights_than_caller()) {
    out->error = "${" + variable +
                 "} is not replaced: this program runs with more rights than "
                 "the user who started it, and the environment is that user's "
                 "choice; write the value itself";
    return;
  }
  const char* value = ::secure_getenv(variable.c_str());
  if (value == nullptr) {
    out->error = "the environment variable " + variable + " is not set";
    return;
  }
  out->text += value;
  const std::string shown = "${" + variable + "}";
  out->shown += shown;
  out->literal += kPlaceholder;
  if (*value != '/' || tells_of_secret(name)) {
    out->hidden.push_back({value, shown});
  }
}

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

Expanded expand_variables(std::string_view text) {
  Expanded out;
  for (;;) {
    const std::size_t mark = text.find(kMark);
    if (mark == std::string_view::npos) break;
    const bool escaped = mark > 0 && text[mark - 1] == '$';
    const std::string_view before = text.substr(0, escaped ? mark - 1 : mark);
    out.text += before;
    out.shown += before;
    out.literal += before;
    text.remove_prefix(mark + kMark.size());
    if (escaped) {
      out.text += kMark;
      out.shown += "$${";
      out.literal += kMark;
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      out.error = "\"${\" is not closed; write $${ for ${ itself";
      return out;
    }
    expand_one(text.substr(0, end), &out);
    if (!out.error.empty()) return out;
    text.remove_prefix(end + 1);
  }
  out.text += text;
  out.shown += text;
  out.literal += text;
  return out;
}

bool tells_of_secret(std::string_view name) noexcept {
  if (names_secret(name)) return true;
  constexpr std::string_view kWords[] = {"pass", "pw",  "pin",
                                         "sk",   "key", "dsn"};
  while (!name.empty()) {
    const auto end = std::find_if_not(name.begin(), name.end(), is_letter);
    const auto size = static_cast<std::size_t>(end - name.begin());
    const std::string_view word = name.substr(0, size);
    if (std::any_of(std::begin(kWords), std::end(kWords),
                    [&](std::string_view one) {
                      return equal_ignoring_case(word, one);
                    })) {
      return true;
    }
    name.remove_prefix(std::min(size + 1, name.size()));
  }
  return false;
}

std::string protect_variables(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(kMark)) out += '$';
    out += text[i];
  }
  return out;
}

}  // namespace stogger
