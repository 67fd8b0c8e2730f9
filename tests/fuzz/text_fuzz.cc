// Whatever is logged, the lines for people and those of logfmt are one line
// each, valid UTF-8, and hold nothing that a terminal obeys; colours add
// nothing but themselves; and logfmt can be read back.
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/harmful.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "fuzz/random_event.h"
#include "render/free_keys.h"

namespace stogger {
namespace {

std::string rendered(const Event& event, RowForm form) {
  RowScratch scratch;
  RowBatch row;
  render(event, form, RowBatch(), scratch, &row);
  return std::string(row.at(0, 0).text());
}

void check_line(std::string_view line) {
  check(line.ends_with('\n'), "a line has an end");
  line.remove_suffix(1);
  check(!line.ends_with(' '), "a line has no blanks at its end");
  check(is_clean_text(line), "a line is valid UTF-8");
  while (!line.empty()) {
    const Utf8Step step = utf8_step(line);
    check(!is_harmful(step.codepoint), "a line has no control characters");
    line.remove_prefix(step.size);
  }
}

std::string without_colors(std::string_view line) {
  static constexpr std::string_view kColors[] = {
      "\x1b[0m",  "\x1b[1m",  "\x1b[2m",  "\x1b[31m",
      "\x1b[32m", "\x1b[33m", "\x1b[35m", "\x1b[36m"};
  std::string plain;
  while (!line.empty()) {
    bool color = false;
    for (const std::string_view each : kColors) {
      if (!line.starts_with(each)) continue;
      line.remove_prefix(each.size());
      color = true;
      break;
    }
    if (color) continue;
    plain += line[0];
    line.remove_prefix(1);
  }
  return plain;
}

// --- Reading logfmt ----------------------------------------------------------

void append_utf8(std::string& out, std::uint32_t c) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6);
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  }
}

class LogfmtReader {
 public:
  explicit LogfmtReader(std::string_view line) : rest_(line) {}

  std::vector<std::pair<std::string, std::string>> read() {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (true) {
      std::string key = token("=");
      take("=");
      std::string value = token(" \n");
      pairs.emplace_back(std::move(key), std::move(value));
      if (rest_ == "\n") return pairs;
      take(" ");
    }
  }

 private:
  void take(std::string_view what) {
    check(rest_.starts_with(what), "logfmt is key=value pairs");
    rest_.remove_prefix(what.size());
  }

  std::string token(std::string_view ends) {
    if (rest_.starts_with('"')) return quoted();
    const std::size_t size = rest_.find_first_of(ends);
    check(size != std::string_view::npos && size != 0,
          "what is not quoted is not empty");
    const std::string token(rest_.substr(0, size));
    check(token.find_first_of("\" =\\") == std::string::npos,
          "what is not quoted needs no quotes");
    rest_.remove_prefix(size);
    return token;
  }

  std::string quoted() {
    std::string text;
    take("\"");
    while (!rest_.starts_with('"')) {
      check(!rest_.empty(), "quotes are closed");
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '\\') {
        escape(text);
      } else {
        text += c;
      }
    }
    take("\"");
    return text;
  }

  void escape(std::string& text) {
    check(!rest_.empty(), "escapes are whole");
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == 'n') {
      text += '\n';
    } else if (c == 'r') {
      text += '\r';
    } else if (c == 't') {
      text += '\t';
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      check(rest_.size() >= digits, "escapes are whole");
      append_utf8(text,
                  static_cast<std::uint32_t>(std::stoul(
                      std::string(rest_.substr(0, digits)), nullptr, 16)));
      rest_.remove_prefix(digits);
    } else {
      check(c == '"' || c == '\\', "escapes are known");
      text += c;
    }
  }

  std::string_view rest_;
};

std::string shown(const Value& value) {
  char text[kNumberSize];
  switch (value.kind()) {
    case Kind::boolean:
      return value.boolean() ? "true" : "false";
    case Kind::integer:
      return {text, write_integer(text, value.integer())};
    case Kind::unsigned_integer:
      return {text, write_unsigned(text, value.unsigned_integer())};
    case Kind::real:
      return {text, write_real(text, value.real())};
    case Kind::text:
    case Kind::json:
      return mended(value.text());
    case Kind::time:
      return {text, write_time(text, value.time())};
    case Kind::null:
    case Kind::custom:
      break;
  }
  return "null";
}

void check_logfmt(const Event& event, std::string_view line) {
  std::vector<std::pair<std::string, std::string>> expected;
  char time[kTimestampSize];
  write_timestamp(time, event.time);
  expected.emplace_back("timestamp", std::string(time, kTimestampSize));
  expected.emplace_back("level", to_string(event.level));
  expected.emplace_back("event", mended(event.name));
  if (!event.func.is_null()) expected.emplace_back("func", shown(event.func));
  if (!event.scope.is_null()) {
    expected.emplace_back("scope", shown(event.scope));
  }
  if (event.has_message()) {
    expected.emplace_back("message", mended(event.message));
  }
  if (!event.logger.empty()) {
    expected.emplace_back("logger", mended(event.logger));
  }
  RowScratch keys;
  const Event renamed = with_free_keys(event, RowForm::logfmt, {}, keys);
  for (std::size_t i = 0; i < renamed.field_count; ++i) {
    expected.emplace_back(mended(renamed.fields[i].key),
                          shown(renamed.fields[i].value));
  }
  check(LogfmtReader(line).read() == expected, "logfmt says what was logged");
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  using namespace stogger;
  FuzzedDataProvider data(bytes, size);
  const RandomEvent event(data);
  const std::string text = rendered(*event, RowForm::text);
  check_line(text);
  check(without_colors(rendered(*event, RowForm::colored_text)) == text,
        "colours add nothing else");
  const std::string logfmt = rendered(*event, RowForm::logfmt);
  check_line(logfmt);
  check_logfmt(*event, logfmt);
  return 0;
}
