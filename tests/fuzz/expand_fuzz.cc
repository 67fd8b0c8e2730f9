// Arbitrary text as a string of a configuration: no value of the environment
// gets into what is shown of it, into what is said about it, or into a message
// that quotes the expanded text. What is shown means the same when it is read
// again.
//
// The input: what a secret goes on with, a NUL, and the text.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/hidden.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "config/expand.h"
#include "config/option.h"

namespace {

// So long that it does not get into the input by accident.
constexpr std::string_view kSecret = "s3cr3t-hunter2-correct-horse";

void expect_hidden(std::string_view shown) {
  if (shown.find(kSecret) != std::string_view::npos) std::abort();
}

void check(const std::string& text) {
  using namespace stogger;
  const Expanded expanded = expand_variables(text);
  expect_hidden(expanded.shown);
  expect_hidden(expanded.error);
  for (const char* key : {"path", "dsn", "password", "host"}) {
    expect_hidden(show_text(key, expanded.shown));
  }
  if (!expanded.error.empty()) return;
  expect_hidden(
      hide_values(expanded.hidden, "cannot open " + expanded.text + ": no"));
  // Bytes that are no UTF-8 may become one character with those of a value.
  if (is_clean_text(expanded.text)) {
    expect_hidden(hide_values(expanded.hidden,
                              "cannot open " + quoted(expanded.text) + ": no"));
    expect_hidden(
        hide_values(expanded.hidden, "what: " + printable(expanded.text)));
  }
  const Expanded again = expand_variables(expanded.shown);
  if (again.text != expanded.text || again.shown != expanded.shown) {
    std::abort();
  }
  if (expand_variables(protect_variables(text)).text != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.find(kSecret) != input.npos) return 0;
  const std::size_t nul = input.find('\0');
  if (nul == input.npos) return 0;
  const std::string more(input.substr(0, nul));
  const std::string secret = std::string(kSecret) + more;
  ::setenv("S", secret.c_str(), 1);
  ::setenv("DB_PASS", (more.substr(more.size() / 2) + secret).c_str(), 1);
  ::setenv("P", ("/" + more).c_str(), 1);
  ::setenv("E", "", 1);
  check(std::string(input.substr(nul + 1)));
  return 0;
}
