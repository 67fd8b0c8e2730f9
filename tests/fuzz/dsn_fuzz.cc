// Connection strings: whatever they are, the password in them appears in no
// message and in no text that is shown.
//
// The input is a template of a dsn; %S becomes a secret that nothing else could
// be.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/options.h"
#include "sinks/postgres/settings.h"

namespace stogger {
namespace {

constexpr std::string_view kSecret = "zQ7secretQ7z";

void check(bool condition, const char* what, std::string_view text) {
  if (condition) return;
  std::fprintf(stderr, "dsn: %s: %.*s\n", what, static_cast<int>(text.size()),
               text.data());
  std::abort();
}

// Where a password is: what comes after the name of one, or after the user of a
// URL. Elsewhere, it is the name of a host, say, which is shown.
std::string with_password(std::string_view input) {
  std::string dsn;
  const auto user = input.substr(0, input.find('\n'));
  const auto rest = input.substr(std::min(input.size(), user.size() + 1));
  switch (input.empty() ? 0 : static_cast<unsigned char>(input[0]) % 4) {
    case 0:
      dsn = "postgresql://u:" + std::string(kSecret) + std::string(rest);
      break;
    case 1:
      dsn = "password=" + std::string(kSecret) + std::string(rest);
      break;
    case 2:
      dsn = std::string(rest) + " password='" + std::string(kSecret) + "'";
      break;
    default:
      dsn = "postgresql://u:" + std::string(kSecret) + "@h/d?" +
            std::string(rest);
  }
  return dsn;
}

// As libpq reads it. libFuzzer tries what inputs are compared with, and the
// name of a host, say, that is the same as the secret is no secret.
std::string unescaped(std::string_view input) {
  std::string text;
  for (std::size_t i = 0; i < input.size(); ++i) {
    unsigned value = 0;
    const char* const digits = input.data() + i + 1;
    if (input[i] == '%' && i + 2 < input.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      text += static_cast<char>(value);
      i += 2;
    } else if (input[i] != '\\') {
      text += input[i];
    }
  }
  return text;
}

void run(std::string_view input) {
  if (unescaped(input).find(kSecret) != std::string::npos) return;
  const std::string dsn = with_password(input);
  const Field fields[] = {{"dsn", dsn}};
  Options options("postgres", Fields(fields, 1));
  PostgresSettings settings;
  const Status status = read_postgres_settings(options, &settings);
  const auto hidden = [&](std::string_view text) {
    check(text.find(kSecret) == text.npos, "the secret is shown", text);
  };
  hidden(status.message());
  for (const OptionProblem& problem : OptionsAccess::problems(options)) {
    hidden(problem.text);
  }
  if (!status.ok()) return;
  hidden(settings.target);
  check(!settings.hosts.empty(), "there is no host", dsn);
  // What libpq or the server may say.
  for (const auto& [keyword, value] : settings.parameters) {
    if (keyword != "password") continue;
    const std::string shown =
        hide_secrets(settings, "user \"" + value + "\" no " + value + value);
    // Part of one may be left of secrets of one to three letters.
    check(value.size() <= 3 || shown.find(value) == shown.npos,
          "a password is not hidden", shown);
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
