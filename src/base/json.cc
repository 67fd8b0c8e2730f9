#include "base/json.h"

#include <locale.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/copy_text.h"
#include "base/harmful.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "base/utf8.h"

namespace stogger {
namespace {

char* write_hex_unit(char* out, std::uint32_t unit) noexcept {
  *out++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4) {
    *out++ = kHexDigits[unit >> shift & 15];
  }
  return out;
}

char* write_json_escape(char* out, std::uint32_t c) noexcept {
  *out++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *out++ = static_cast<char>(c);
      return out;
    case '\b':
      *out++ = 'b';
      return out;
    case '\f':
      *out++ = 'f';
      return out;
    case '\n':
      *out++ = 'n';
      return out;
    case '\r':
      *out++ = 'r';
      return out;
    case '\t':
      *out++ = 't';
      return out;
    default:
      break;
  }
  if (c < 0x10000) return write_hex_unit(out, c);
  // JSON has escapes for the two halves of a surrogate pair only.
  out = write_hex_unit(out, 0xD800 + ((c - 0x10000) >> 10));
  *out++ = '\\';
  return write_hex_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

// What JSON wants escaped; and, because people look at JSON lines as well, what
// could change what they see.
bool needs_escape(std::uint32_t c) noexcept {
  return c == '"' || c == '\\' || is_harmful(c);
}

template <class Write>
char* write_in_quotes(char* out, Write write) noexcept {
  *out++ = '"';
  out = write(out);
  *out++ = '"';
  return out;
}

}  // namespace

char* json_detail::write_special(char* out, std::string_view text,
                                 std::uint32_t* sanitized) noexcept {
  bool replaced = false;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (!step.valid || step.codepoint == 0) {
      out = copy_text(out, kReplacement);
      replaced = true;
    } else if (needs_escape(step.codepoint)) {
      out = write_json_escape(out, step.codepoint);
    } else {
      out = copy_text(out, text.substr(0, step.size));
    }
    text.remove_prefix(step.size);
  }
  if (replaced) ++*sanitized;
  *out++ = '"';
  return out;
}

char* write_json_value(char* out, const Value& value,
                       std::uint32_t* sanitized) noexcept {
  switch (value.kind()) {
    case Kind::boolean:
      return copy_text(out, value.boolean() ? "true" : "false");
    case Kind::integer:
      return write_integer(out, value.integer());
    case Kind::unsigned_integer:
      return write_unsigned(out, value.unsigned_integer());
    case Kind::real: {
      const double real = value.real();
      if (std::isfinite(real)) return write_real(out, real);
      return write_in_quotes(out,
                             [real](char* p) { return write_real(p, real); });
    }
    case Kind::text:
      return write_json_string(out, value.text(), sanitized);
    case Kind::time:
      return write_in_quotes(
          out, [&](char* p) { return write_time(p, value.time()); });
    case Kind::json:
      return copy_text(out, value.text());
    case Kind::null:
    case Kind::custom:
      break;
  }
  return copy_text(out, "null");
}

namespace {

// What the first character of the text becomes.
std::size_t escaped_size(const Utf8Step& step) noexcept {
  if (!step.valid || step.codepoint == 0) return kReplacement.size();
  if (!needs_escape(step.codepoint)) return step.size;
  char escape[12];  // a surrogate pair
  return static_cast<std::size_t>(write_json_escape(escape, step.codepoint) -
                                  escape);
}

// Goes on in the text as long as what it becomes, *size included, is at most
// `most`; returns how far. Plain stretches are taken at once.
std::size_t measure(std::string_view text, std::size_t most,
                    std::size_t* size) noexcept {
  constexpr std::size_t kStretch = 256;
  char copied[kStretch];
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view stretch = rest.substr(0, kStretch);
    if (*size + stretch.size() <= most &&
        copy_plain<json_detail::Specials>(copied, stretch)) {
      *size += stretch.size();
      rest.remove_prefix(stretch.size());
      continue;
    }
    for (std::size_t done = 0; done < stretch.size();) {
      const Utf8Step step = utf8_step(rest);
      const std::size_t more = escaped_size(step);
      if (*size + more > most) return text.size() - rest.size();
      *size += more;
      done += step.size;
      rest.remove_prefix(step.size);
    }
  }
  return text.size();
}

constexpr std::size_t kQuotes = 2;

}  // namespace

std::size_t json_value_size(const Value& value, std::size_t most) noexcept {
  const bool is_text = value.kind() == Kind::text;
  if (is_text || value.kind() == Kind::json) {
    const std::string_view text = value.text();
    // Nothing becomes shorter.
    if (!is_text || text.size() > most) return text.size();
    std::size_t size = kQuotes;
    const bool whole = measure(text, most, &size) == text.size();
    return whole ? size : most + 1;
  }
  char scratch[kPlainValueRoom];
  std::uint32_t sanitized = 0;
  return static_cast<std::size_t>(write_json_value(scratch, value, &sanitized) -
                                  scratch);
}

std::string_view json_string_prefix(std::string_view text,
                                    std::size_t most) noexcept {
  std::size_t size = kQuotes;
  return text.substr(0, measure(text, most, &size));
}

namespace {

// Receives the parser's events and writes them out again.
class CleanWriter final : public nlohmann::json_sax<nlohmann::json> {
 public:
  CleanWriter(Buffer& out, JsonKeyTest is_secret, const void* context,
              JsonTextHider hide_parts)
      : out_(out),
        is_secret_(is_secret),
        context_(context),
        hide_parts_(hide_parts) {}

  bool null() override { return literal("null"); }
  bool boolean(bool v) override { return literal(v ? "true" : "false"); }
  bool number_integer(number_integer_t v) override {
    if (begin_value()) append_integer(out_, v);
    return true;
  }
  bool number_unsigned(number_unsigned_t v) override {
    if (begin_value()) append_unsigned(out_, v);
    return true;
  }
  bool number_float(number_float_t v, const string_t& digits) override {
    const std::size_t exponent =
        std::min(digits.find_first_of("eE"), digits.size());
    // Too small for a double, and for PostgreSQL.
    if (v == 0 && digits.find_first_of("123456789") < exponent) return false;
    // More of them say no more to whoever reads a double, and others stumble.
    constexpr std::size_t kMostDigits = 64;
    // PostgreSQL also looks at the exponent of a zero.
    const bool has_exponent = exponent < digits.size();
    if (digits.size() <= kMostDigits && !(v == 0 && has_exponent)) {
      return literal(digits);
    }
    if (begin_value()) append_real(out_, v);
    return true;
  }
  bool string(string_t& v) override {
    if (!begin_value()) return true;
    hidden_.clear();
    if (hide_parts_ != nullptr && hide_parts_(context_, v, hidden_)) {
      sanitized_ += is_clean_text(v) ? 0 : 1;
      append_json_string(out_, hidden_.view());
    } else {
      sanitized_ += append_json_string(out_, v);
    }
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open('{'); }
  bool end_object() override { return close('}'); }
  bool start_array(std::size_t) override { return open('['); }
  bool end_array() override { return close(']'); }
  bool key(string_t& name) override {
    if (hidden_depth_ != 0) return true;
    comma();
    sanitized_ += append_json_string(out_, name);
    out_.push_back(':');
    after_key_ = true;
    secret_ = is_secret_ != nullptr && is_secret_(context_, name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception&) override {
    return false;
  }

  std::uint32_t sanitized() const { return sanitized_; }

 private:
  void comma() {
    if (!first_) out_.push_back(',');
    first_ = false;
  }
  // False if the value is (inside) a secret, and not to be written.
  bool begin_value() {
    if (hidden_depth_ != 0) return false;
    if (after_key_) {
      after_key_ = false;
    } else if (depth_ != 0) {
      comma();
    }
    if (!secret_) return true;
    secret_ = false;
    out_.append("\"[REDACTED]\"");
    return false;
  }
  bool literal(std::string_view text) {
    if (begin_value()) out_.append(text);
    return true;
  }
  bool open(char bracket) {
    if (++depth_ > kJsonDepth) return false;
    if (hidden_depth_ == 0) {
      --depth_;  // begin_value() looks at the depth outside
      const bool shown = begin_value();
      ++depth_;
      if (!shown) {
        hidden_depth_ = depth_;
        return true;
      }
      out_.push_back(bracket);
      first_ = true;
    }
    return true;
  }
  bool close(char bracket) {
    if (hidden_depth_ == 0) {
      out_.push_back(bracket);
      first_ = false;
    } else if (hidden_depth_ == depth_) {
      hidden_depth_ = 0;
    }
    --depth_;
    return true;
  }

  Buffer& out_;
  JsonKeyTest is_secret_;
  const void* context_;
  JsonTextHider hide_parts_;
  Buffer hidden_;  // a string without the parts that are secrets
  std::size_t depth_ = 0;
  std::size_t hidden_depth_ = 0;  // not 0: inside a secret that began there
  bool first_ = true;             // nothing written yet in this container
  bool after_key_ = false;
  bool secret_ = false;  // the value to come is a secret
  std::uint32_t sanitized_ = 0;
};

// The parser reads numbers, and tells their digits, with the decimal point of
// the locale, which is the program's to choose. Here it is a point.
class PointLocale {
 public:
  PointLocale() noexcept : before_(::uselocale(standard())) {}
  ~PointLocale() { ::uselocale(before_); }
  PointLocale(const PointLocale&) = delete;
  PointLocale& operator=(const PointLocale&) = delete;

 private:
  // The C library has this one ready, and always returns the same. It is not
  // kept in a static constant, which a child after fork() might find half made.
  static locale_t standard() noexcept {
    return ::newlocale(LC_ALL_MASK, "C", locale_t{});
  }

  const locale_t before_;
};

}  // namespace

bool append_clean_json(Buffer& out, std::string_view json,
                       JsonKeyTest is_secret, const void* context,
                       std::uint32_t* sanitized, JsonTextHider hide_parts) {
  // The parser would take a NUL for the end.
  if (json.find('\0') != std::string_view::npos) return false;
  const PointLocale locale;
  const std::size_t start = out.size();
  CleanWriter writer(out, is_secret, context, hide_parts);
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &writer)) {
    out.truncate(start);
    return false;
  }
  *sanitized += writer.sanitized();
  return true;
}

}  // namespace stogger
