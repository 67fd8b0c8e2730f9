// The line for people:
//
//   2026-11-21T01:39:28Z I user-login                     user_id=42
//   ip=10.0.0.1
//
// time, letter of the level, event padded to 30 characters, then the message if
// there is a template, else the fields. The same columns as the console line of
// Python's stogger.
#include "render/text.h"

#include <cstring>
#include <string_view>

#include "base/plain.h"
#include "base/plain_copy.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "render/json.h"
#include "render/render.h"

namespace stogger {
namespace {

constexpr std::size_t kEventWidth = 30;

// Select Graphic Rendition, ECMA-48 8.3.117.
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kBright = "\x1b[1m";
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kCyan = "\x1b[36m";
constexpr std::string_view kMagenta = "\x1b[35m";
constexpr std::string_view kBrightRed = "\x1b[31m\x1b[1m";
constexpr std::string_view kBrightYellow = "\x1b[33m\x1b[1m";
constexpr std::string_view kBrightGreen = "\x1b[32m\x1b[1m";

std::string_view level_color(Level level) noexcept {
  if (level >= Level::error) return kBrightRed;
  return level == Level::warning ? kBrightYellow : kBrightGreen;
}

char level_letter(Level level) noexcept {
  return "TDIWECA"[static_cast<std::size_t>(level)];
}

template <bool colored>
class Line {
 public:
  explicit Line(char* out) noexcept : out_(out) {}

  void header(const Event& event) noexcept {
    color(kDim);
    out_ = write_timestamp_seconds(out_, event.time);
    color(kReset);
    *out_++ = ' ';
    color(level_color(event.level));
    *out_++ = level_letter(event.level);
    color(kReset);
    *out_++ = ' ';
    color(kBright);
    name(event.name);
    color(kReset);
    *out_++ = ' ';
  }

  void pairs(const Event& event) noexcept {
    for (std::size_t i = 0; i < event.field_count; ++i) {
      const Field& field = event.fields[i];
      if (i != 0) *out_++ = ' ';
      color(kCyan);
      out_ = write_pair_text(out_, field.key, &sanitized_);
      color(kReset);
      *out_++ = '=';
      color(kMagenta);
      out_ = write_pair_value(out_, field.value, &sanitized_);
      color(kReset);
    }
  }

  void message(std::string_view text) noexcept {
    out_ = write_visible(out_, text, &sanitized_);
  }

  char* end() const noexcept { return out_; }
  std::uint32_t sanitized() const noexcept { return sanitized_; }

 private:
  void color(std::string_view sequence) noexcept {
    if constexpr (colored) {
      std::memcpy(out_, sequence.data(), sequence.size());
      out_ += sequence.size();
    }
  }

  void name(std::string_view text) noexcept {
    char* const start = out_;
    std::size_t width = text.size();
    if (copy_plain<plain_detail::NameSpecials>(out_, text)) {
      out_ += text.size();
    } else {
      out_ = plain_detail::write_special_name(out_, text, &sanitized_);
      const auto size = static_cast<std::size_t>(out_ - start);
      width = size > kEventWidth * 4 ? kEventWidth : utf8_length({start, size});
    }
    if (width >= kEventWidth) return;
    std::memset(out_, ' ', kEventWidth);
    out_ += kEventWidth - width;
  }

  char* out_;
  std::uint32_t sanitized_ = 0;
};

// What is enough for JSON is for this: no byte grows to more here, and what
// stands around a field takes less than JSON allows for a value that is no
// text.
std::size_t line_room(const Event& event) noexcept {
  return json_members_room(event);
}

template <bool colored>
void render_line(const Event& event, RowScratch& scratch) {
  Line<colored> line(scratch.text.reserve(line_room(event)));
  line.header(event);
  if (event.has_message()) {
    line.message(event.message);
  } else {
    line.pairs(event);
  }
  char* const end = line.end();
  *end = '\n';
  scratch.text.advance_to(end + 1);
  scratch.sanitized += line.sanitized();
}

}  // namespace

char* write_pairs(char* out, const Event& event,
                  std::uint32_t* sanitized) noexcept {
  Line<false> line(out);
  line.pairs(event);
  *sanitized += line.sanitized();
  return line.end();
}

std::size_t pairs_room(const Event& event) noexcept {
  constexpr std::size_t kColors = 32;
  std::size_t room = 0;
  for (std::size_t i = 0; i < event.field_count; ++i) {
    room += kColors + pair_value_room(Value(event.fields[i].key)) +
            pair_value_room(event.fields[i].value);
  }
  return room;
}

std::uint32_t append_pairs(Buffer& out, const Event& event) {
  std::uint32_t sanitized = 0;
  out.advance_to(
      write_pairs(out.reserve(pairs_room(event)), event, &sanitized));
  return sanitized;
}

void render_text(const Event& event, bool colored, RowScratch& scratch) {
  if (colored) {
    render_line<true>(event, scratch);
  } else {
    render_line<false>(event, scratch);
  }
}

}  // namespace stogger
