#include "render/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

#include "base/number.h"
#include "base/plain.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "event/static_fields.h"

namespace stogger {
namespace {

constexpr std::string_view kMissing = "<missing>";
constexpr std::string_view kBadFormat = "<bad format>";

// The bit of a field in Event::shown_fields; none if it is not one of the
// first.
std::uint64_t mark_of(std::size_t field) noexcept {
  constexpr std::size_t kMarks = 64;
  return field < kMarks ? std::uint64_t{1} << field : 0;
}

// *mark is that of the field, *static_mark that of a static one; 0 if it is
// none.
Value find_value(const Event& event, std::string_view name, std::uint64_t* mark,
                 std::uint64_t* static_mark) {
  *static_mark = 0;
  for (std::size_t i = 0; i < event.field_count; ++i) {
    if (event.fields[i].key != name) continue;
    *mark = mark_of(i);
    return event.fields[i].value;
  }
  *mark = 0;
  if (event.static_fields != nullptr) {
    const Fields fields = event.static_fields->fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields.begin()[i].key != name) continue;
      *static_mark = mark_of(i);
      return fields.begin()[i].value;
    }
  }
  if (name == "event") return Value(event.name);
  if (name == "level") return Value(to_string(event.level));
  if (name == "logger" && !event.logger.empty()) return Value(event.logger);
  if (name == "func") return event.func;
  if (name == "scope") return event.scope;
  return Value();
}

constexpr std::size_t kLongestSpec = 32;

// Longer ones, larger widths and precisions, and nested fields are mistakes, or
// attacks on the memory.
bool is_modest(std::string_view spec) noexcept {
  constexpr std::size_t kMostDigits = 3;
  if (spec.size() > kLongestSpec) return false;
  std::size_t digits = 0;
  for (const char c : spec) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > kMostDigits || c == '{' || c == '}') return false;
  }
  return true;
}

template <class T>
void format_value(fmt::memory_buffer& out, std::string_view spec,
                  const T& value) {
  char format[kLongestSpec + 3] = "{:";
  std::memcpy(format + 2, spec.data(), spec.size());
  format[spec.size() + 2] = '}';
  fmt::vformat_to(std::back_inserter(out),
                  fmt::string_view(format, spec.size() + 3),
                  fmt::make_format_args(value));
}

// Throws fmt::format_error if the specification does not fit the value, which
// is not null.
void format_any(fmt::memory_buffer& out, std::string_view spec,
                const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
      return format_value(out, spec, value.boolean());
    case Kind::integer:
      return format_value(out, spec, value.integer());
    case Kind::unsigned_integer:
      return format_value(out, spec, value.unsigned_integer());
    case Kind::real:
      return format_value(out, spec, value.real());
    case Kind::time: {
      char text[kTimestampSize + 3];
      const char* const end = write_time(text, value.time());
      return format_value(
          out, spec,
          fmt::string_view(text, static_cast<std::size_t>(end - text)));
    }
    default: {
      const std::string_view text = value.text();
      return format_value(out, spec,
                          fmt::string_view(text.data(), text.size()));
    }
  }
}

// The position of the first brace; the size of the text if there is none. A
// loop of its own, for find_first_of() takes several times as long.
std::size_t find_brace(std::string_view text, std::size_t from = 0) noexcept {
  while (from < text.size() && text[from] != '{' && text[from] != '}') ++from;
  return from;
}

// Fields that are looked at for all replacements of a template together.
constexpr std::size_t kMostLookedAt = std::size_t{4} * 1024 * 1024;

class Renderer {
 public:
  Renderer(const Event& event, Buffer& out)
      : event_(event), out_(out), end_(out.size() + kLargestEvent) {}

  void run() {
    std::string_view rest = event_.message_template;
    rest = rest.substr(0, kLargestEvent + 1);
    while (!is_full_) {
      const std::size_t brace = find_brace(rest);
      append(rest.substr(0, brace));
      rest.remove_prefix(brace);
      if (rest.empty()) return;
      if (rest.size() >= 2 && rest[1] == rest[0]) {
        append(rest.substr(0, 1));
        rest.remove_prefix(2);
        continue;
      }
      const std::size_t end = find_brace(rest, 1);
      const bool is_field =
          rest[0] == '{' && end < rest.size() && rest[end] == '}';
      looked_at_ += event_.field_count + static_count_ + 1;
      if (!is_field || looked_at_ > kMostLookedAt) {
        append(is_field ? "" : kBadFormat);
        return append(rest);
      }
      const std::string_view field = rest.substr(1, end - 1);
      const std::size_t colon = field.find(':');
      append_replacement(field.substr(0, colon), colon == std::string_view::npos
                                                     ? std::string_view()
                                                     : field.substr(colon + 1));
      rest.remove_prefix(end + 1);
    }
  }

  std::uint64_t shown() const noexcept { return shown_; }
  std::uint64_t shown_static() const noexcept { return shown_static_; }

 private:
  // As much of it as there is room for.
  [[gnu::always_inline]] void append(std::string_view text) {
    if (out_.size() + text.size() <= end_) [[likely]] {
      out_.append(text);
    } else {
      append_beginning(text);
    }
  }
  void append_beginning(std::string_view text) {
    out_.append(utf8_prefix(text, end_ - std::min(end_, out_.size())));
    is_full_ = true;
  }

  void append_replacement(std::string_view name, std::string_view spec) {
    std::uint64_t mark;
    std::uint64_t static_mark;
    const Value value = find_value(event_, name, &mark, &static_mark);
    if (value.is_null()) {
      append(kMissing);
    } else if (!spec.empty()) {
      if (!append_formatted(spec, value)) return append(kBadFormat);
    } else if (value.kind() == Kind::text || value.kind() == Kind::json) {
      append(value.text());
    } else {
      append_plain(out_, value);
    }
    shown_ |= mark;
    shown_static_ |= static_mark;
  }

  // False, and nothing appended, if it does not fit the value.
  bool append_formatted(std::string_view spec, const Value& value) {
    if (!is_modest(spec)) return false;
    fmt::memory_buffer text;
    try {
      format_any(text, spec, value);
    } catch (const std::exception&) {
      return false;
    }
    append({text.data(), text.size()});
    return true;
  }

  const Event& event_;
  const std::size_t static_count_ = event_.static_fields == nullptr
                                        ? 0
                                        : event_.static_fields->fields().size();
  Buffer& out_;
  const std::size_t end_;  // how large the buffer may become
  bool is_full_ = false;   // something had no room
  std::size_t looked_at_ = 0;
  std::uint64_t shown_ = 0;
  std::uint64_t shown_static_ = 0;
};

}  // namespace

void render_message(Event* event, Buffer& out) {
  Renderer renderer(*event, out);
  renderer.run();
  event->shown_fields = renderer.shown();
  event->shown_static_fields = renderer.shown_static();
  event->message = out.view();
}

}  // namespace stogger
