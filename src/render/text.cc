// The line for people:
//
//   2026-11-21T01:39:28Z I user-login                     user_id=42
//   ip=10.0.0.1
//
// time, letter of the level, event padded to 30 characters, then the message if
// there is a template, else the fields. The same columns as the console line of
// Python's stogger.
#include "render/text.h"

#include <algorithm>
#include <string_view>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "render/plain.h"
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
  const std::string_view name = to_string(level);
  return static_cast<char>(name[0] - 'a' + 'A');
}

class Line {
 public:
  Line(Buffer& out, bool colored) : out_(out), colored_(colored) {}

  void header(const Event& event) {
    color(kDim);
    out_.advance_to(write_timestamp_seconds(out_.reserve(24), event.time));
    color(kReset);
    out_.push_back(' ');
    color(level_color(event.level));
    out_.push_back(level_letter(event.level));
    color(kReset);
    out_.push_back(' ');
    color(kBright);
    const std::size_t start = out_.size();
    sanitized_ += append_visible(out_, event.name);
    pad(out_.view().substr(start));
    color(kReset);
    out_.push_back(' ');
  }

  void pairs(const Event& event) {
    for (std::size_t i = 0; i < event.field_count; ++i) {
      const Field& field = event.fields[i];
      if (i != 0) out_.push_back(' ');
      color(kCyan);
      sanitized_ += append_pair_key(out_, field.key);
      color(kReset);
      out_.push_back('=');
      color(kMagenta);
      sanitized_ += append_pair_value(out_, field.value);
      color(kReset);
    }
  }

  void message(std::string_view text) {
    sanitized_ += append_visible(out_, text);
  }

  std::uint32_t sanitized() const { return sanitized_; }

 private:
  void color(std::string_view sequence) {
    if (colored_) out_.append(sequence);
  }
  void pad(std::string_view shown) {
    const std::size_t width =
        shown.size() > kEventWidth * 4 ? kEventWidth : utf8_length(shown);
    for (std::size_t i = width; i < kEventWidth; ++i) out_.push_back(' ');
  }

  Buffer& out_;
  const bool colored_;
  std::uint32_t sanitized_ = 0;
};

}  // namespace

std::uint32_t append_pairs(Buffer& out, const Event& event) {
  Line line(out, false);
  line.pairs(event);
  return line.sanitized();
}

void render_text(const Event& event, bool colored, RowScratch& scratch) {
  Line line(scratch.text, colored);
  line.header(event);
  if (event.has_message()) {
    line.message(event.message);
  } else {
    line.pairs(event);
  }
  scratch.text.push_back('\n');
  scratch.sanitized += line.sanitized();
}

}  // namespace stogger
