// The line for people:
//
//   2026-11-21T01:39:28.656Z I user-login                     User 42 logged in
//   ip=10.0.0.7 logger=http scope=checkout
//
// on one line: time, letter of the level, event padded to 30 characters; the
// message if there is a template, and two spaces; the fields that it does not
// show; logger and scope. No blanks stand at its end.
#include "render/text.h"

#include <cstring>
#include <string_view>

#include "base/plain.h"
#include "base/plain_copy.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "event/static_fields.h"
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

// Text without the blanks at its end.
std::string_view trimmed(std::string_view text) noexcept {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

template <bool colored>
class Line {
 public:
  explicit Line(char* out) noexcept : out_(out) {}

  void header(const Event& event, bool local) noexcept {
    color(kDim);
    out_ = local ? write_local_timestamp(out_, event.time)
                 : write_timestamp_millis(out_, event.time);
    color(kReset);
    *out_++ = ' ';
    color(level_color(event.level));
    *out_++ = level_letter(event.level);
    color(kReset);
    level_end_ = out_;
    *out_++ = ' ';
    color(kBright);
    name(event.name);
    color(kReset);
    body_ = out_;
  }

  void message(std::string_view text) noexcept {
    text = trimmed(text);
    if (text.empty()) return;
    *out_++ = ' ';
    out_ = write_visible(out_, text, &sanitized_);
    message_end_ = out_;
    *out_++ = ' ';
    color(kDim);
    body_ = out_;
  }

  // But for those that the message shows, as bits.
  void static_pairs(const Event& event, std::uint64_t shown) noexcept {
    const StaticFields* const fields = event.static_fields;
    if (fields == nullptr) return;
    if (!colored && shown == 0) {
      const std::string_view pairs = fields->pairs();
      std::memcpy(out_, pairs.data(), pairs.size());
      out_ += pairs.size();
      return;
    }
    for (const Field& field : fields->fields()) {
      if ((shown & 1) == 0) pair(field);
      shown >>= 1;
    }
  }

  // All fields.
  void pairs(const Event& event) noexcept {
    for (std::size_t i = 0; i < event.field_count; ++i) pair(event.fields[i]);
  }

  // Those that the message does not show. A loop of its own, as the other one
  // is nearly all that most lines take.
  [[gnu::noinline]] void other_pairs(const Event& event) noexcept {
    std::uint64_t shown = event.shown_fields;
    for (std::size_t i = 0; i < event.field_count; ++i) {
      const bool is_shown = (shown & 1) != 0;
      shown >>= 1;
      if (!is_shown) pair(event.fields[i]);
    }
  }

  // The key needs no quotes.
  void pair(std::string_view key, std::string_view value) noexcept {
    begin_pair();
    std::memcpy(out_, key.data(), key.size());
    out_ += key.size();
    between();
    out_ = write_pair_text(out_, value, &sanitized_);
    end_pair();
  }

  void finish() noexcept {
    if (out_ == body_) [[unlikely]] {
      end_early();
    } else if (message_end_ != nullptr) {
      color(kReset);
    }
    *out_++ = '\n';
  }

  char* end() const noexcept { return out_; }
  std::uint32_t sanitized() const noexcept { return sanitized_; }

 private:
  [[gnu::always_inline]] inline void pair(const Field& field) noexcept {
    begin_pair();
    out_ = write_pair_text(out_, field.key, &sanitized_);
    between();
    out_ = write_pair_value(out_, field.value, &sanitized_);
    end_pair();
  }

  void color(std::string_view sequence) noexcept {
    if constexpr (colored) {
      std::memcpy(out_, sequence.data(), sequence.size());
      out_ += sequence.size();
    }
  }
  // Behind a message all pairs are dim, and none of their parts has a colour.
  void pair_color(std::string_view sequence) noexcept {
    if constexpr (colored) {
      if (message_end_ == nullptr) color(sequence);
    }
  }

  void begin_pair() noexcept {
    *out_++ = ' ';
    pair_color(kCyan);
  }
  void between() noexcept {
    pair_color(kReset);
    *out_++ = '=';
    pair_color(kMagenta);
  }
  void end_pair() noexcept { pair_color(kReset); }

  void name(std::string_view text) noexcept {
    name_ = out_;
    std::size_t width = text.size();
    if (copy_plain<plain_detail::NameSpecials>(out_, text)) {
      out_ += text.size();
    } else {
      out_ = plain_detail::write_special_name(out_, text, &sanitized_);
      const auto size = static_cast<std::size_t>(out_ - name_);
      width = size > kEventWidth * 4 ? kEventWidth : utf8_length({name_, size});
    }
    name_end_ = out_;
    if (width >= kEventWidth) return;
    std::memset(out_, ' ', kEventWidth);
    out_ += kEventWidth - width;
  }

  // Where nothing follows the event, or the message.
  [[gnu::noinline]] void end_early() noexcept {
    if (message_end_ != nullptr) {
      out_ = message_end_;
      return;
    }
    out_ = name_end_;
    while (out_ != name_ && out_[-1] == ' ') --out_;
    if (out_ == name_) {
      out_ = level_end_;
    } else {
      color(kReset);
    }
  }

  char* out_;
  char* level_end_ = nullptr;
  char* name_ = nullptr;
  char* name_end_ = nullptr;     // without the padding
  char* message_end_ = nullptr;  // null without one
  char* body_ = nullptr;         // where the pairs begin
  std::uint32_t sanitized_ = 0;
};

// What is enough for JSON is for this: no byte grows to more here, and what
// stands around a field takes less than JSON allows for a value that is no
// text.
std::size_t line_room(const Event& event) noexcept {
  return json_members_room(event);
}

template <bool colored>
void render_line(const Event& event, bool local, RowScratch& scratch) {
  Line<colored> line(scratch.text.reserve(line_room(event)));
  line.header(event, local);
  if (event.has_message()) line.message(event.message);
  line.static_pairs(event, event.shown_static_fields);
  if (event.shown_fields == 0) {
    line.pairs(event);
  } else {
    line.other_pairs(event);
  }
  if (!event.logger.empty()) line.pair("logger", event.logger);
  if (!event.scope.is_null()) line.pair("scope", event.scope.text());
  line.finish();
  scratch.text.advance_to(line.end());
  scratch.sanitized += line.sanitized();
}

std::size_t pairs_room(const Event& event) noexcept {
  constexpr std::size_t kAround = 2;
  std::size_t room =
      event.static_fields == nullptr ? 0 : event.static_fields->pairs().size();
  for (std::size_t i = 0; i < event.field_count; ++i) {
    room += kAround + pair_value_room(Value(event.fields[i].key)) +
            pair_value_room(event.fields[i].value);
  }
  return room;
}

}  // namespace

std::uint32_t append_pairs(Buffer& out, const Event& event) {
  Line<false> line(out.reserve(pairs_room(event)));
  line.static_pairs(event, 0);
  line.pairs(event);
  out.advance_to(line.end());
  return line.sanitized();
}

void render_text(const Event& event, RowForm form, RowScratch& scratch) {
  const bool local =
      form == RowForm::local_text || form == RowForm::colored_local_text;
  if (form == RowForm::colored_text || form == RowForm::colored_local_text) {
    render_line<true>(event, local, scratch);
  } else {
    render_line<false>(event, local, scratch);
  }
}

}  // namespace stogger
