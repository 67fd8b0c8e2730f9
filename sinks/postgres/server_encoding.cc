#include "sinks/postgres/server_encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii_test.h"
#include "base/utf8.h"

namespace stogger {
namespace {

struct Encoding {
  std::string_view name;  // PostgreSQL 15 documentation, 24.3.1
  const char* iconv;
};

// Those that a database may have, but for MULE_INTERNAL, which iconv lacks.
constexpr std::array kEncodings = {
    Encoding{"EUC_CN", "EUC-CN"},
    Encoding{"EUC_JIS_2004", "EUC-JISX0213"},
    Encoding{"EUC_JP", "EUC-JP"},
    Encoding{"EUC_KR", "EUC-KR"},
    Encoding{"EUC_TW", "EUC-TW"},
    Encoding{"ISO_8859_5", "ISO-8859-5"},
    Encoding{"ISO_8859_6", "ISO-8859-6"},
    Encoding{"ISO_8859_7", "ISO-8859-7"},
    Encoding{"ISO_8859_8", "ISO-8859-8"},
    Encoding{"KOI8R", "KOI8-R"},
    Encoding{"KOI8U", "KOI8-U"},
    Encoding{"LATIN1", "ISO-8859-1"},
    Encoding{"LATIN2", "ISO-8859-2"},
    Encoding{"LATIN3", "ISO-8859-3"},
    Encoding{"LATIN4", "ISO-8859-4"},
    Encoding{"LATIN5", "ISO-8859-9"},
    Encoding{"LATIN6", "ISO-8859-10"},
    Encoding{"LATIN7", "ISO-8859-13"},
    Encoding{"LATIN8", "ISO-8859-14"},
    Encoding{"LATIN9", "ISO-8859-15"},
    Encoding{"LATIN10", "ISO-8859-16"},
    Encoding{"WIN866", "CP866"},
    Encoding{"WIN874", "CP874"},
    Encoding{"WIN1250", "CP1250"},
    Encoding{"WIN1251", "CP1251"},
    Encoding{"WIN1252", "CP1252"},
    Encoding{"WIN1253", "CP1253"},
    Encoding{"WIN1254", "CP1254"},
    Encoding{"WIN1255", "CP1255"},
    Encoding{"WIN1256", "CP1256"},
    Encoding{"WIN1257", "CP1257"},
    Encoding{"WIN1258", "CP1258"},
};

bool is_ascii(std::string_view text) noexcept {
  AsciiTest test;
  if (!text.empty()) test.add(text);
  return test.passed();
}

bool is_high_surrogate(std::uint32_t unit) noexcept {
  return unit >= 0xD800 && unit < 0xDC00;
}

bool can_convert(iconv_t converter, std::uint32_t codepoint) noexcept {
  char in[4];
  for (int i = 0; i < 4; ++i) {
    in[i] = static_cast<char>(codepoint >> 8 * i & 0xFF);
  }
  char out[16];
  char* from = in;
  char* to = out;
  std::size_t left = sizeof in;
  std::size_t room = sizeof out;
  ::iconv(converter, nullptr, nullptr, nullptr, nullptr);
  return ::iconv(converter, &from, &left, &to, &room) == 0;
}

constexpr std::size_t kEscape = 6;  // \uXXXX

// What the text begins with, if that is such an escape.
bool read_escape(std::string_view json, std::uint32_t* unit) noexcept {
  if (json.size() < kEscape || !json.starts_with("\\u")) return false;
  const char* const end = json.data() + kEscape;
  return std::from_chars(json.data() + 2, end, *unit, 16).ptr == end;
}

// A character of JSON, with all that belongs to it.
Utf8Step jsonb_step(std::string_view json) noexcept {
  if (json.front() != '\\') return utf8_step(json);
  std::uint32_t unit = 0;
  if (!read_escape(json, &unit)) {
    return {std::min<std::size_t>(json.size(), 2), true, '\\'};
  }
  std::uint32_t low = 0;
  const bool is_pair =
      is_high_surrogate(unit) && read_escape(json.substr(kEscape), &low);
  return {is_pair ? 2 * kEscape : kEscape, true, unit};
}

// From the front to the back, for nothing becomes longer.
template <class Step>
bool fit(const ServerEncoding& encoding, Buffer& out, std::size_t start,
         Step step) {
  const std::string_view text = out.view();
  char* const data = out.data();
  std::size_t to = start;
  bool lacks = false;
  for (std::size_t from = start; from < text.size();) {
    const Utf8Step one = step(text.substr(from));
    if (!encoding.has(one.codepoint)) {
      data[to++] = '?';
      lacks = true;
    } else {
      for (std::size_t i = 0; i < one.size; ++i) data[to++] = data[from + i];
    }
    from += one.size;
  }
  out.truncate(to);
  return lacks;
}

}  // namespace

std::shared_ptr<const ServerEncoding> ServerEncoding::find(
    std::string_view name) {
  if (name.empty() || name == "UTF8" || name == "SQL_ASCII") return nullptr;
  return std::shared_ptr<const ServerEncoding>(new ServerEncoding(name));
}

// Of what iconv does not know, ASCII alone is used.
ServerEncoding::ServerEncoding(std::string_view name) : name_(name) {
  for (const Encoding& encoding : kEncodings) {
    if (encoding.name != name) continue;
    const iconv_t converter = ::iconv_open(encoding.iconv, "UCS-4LE");
    if (converter == reinterpret_cast<iconv_t>(-1)) return;
    for (std::uint32_t c = 0x80; c < known_.size(); ++c) {
      known_[c] = can_convert(converter, c);
    }
    ::iconv_close(converter);
  }
}

bool ServerEncoding::fit_text(Buffer& text, std::size_t start) const {
  if (is_ascii(text.view().substr(start))) return false;
  return fit(*this, text, start,
             [](std::string_view rest) { return utf8_step(rest); });
}

bool ServerEncoding::fit_jsonb(Buffer& json, std::size_t start) const {
  const std::string_view text = json.view().substr(start);
  if (is_ascii(text) && text.find("\\u") == std::string_view::npos) {
    return false;
  }
  return fit(*this, json, start, jsonb_step);
}

std::string encoding_warning(const ServerEncoding& encoding) {
  return "the encoding of the database is " + encoding.name() +
         ": characters that it lacks are stored as ?; a database in UTF8 has "
         "all of them";
}

}  // namespace stogger
