// The entry of a systemd journal: MESSAGE for people, the standard fields that
// journalctl knows, and every field of the event as a field of its own. See
// docs/formats/journal.md.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/journal_name.h"
#include "base/json.h"
#include "base/number.h"
#include "base/scalar_text.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "render/plain.h"
#include "render/render.h"
#include "render/text.h"

namespace stogger {
namespace {

// journald ignores an entry of more than 1024 fields as a whole. Of the others,
// and of those that sinks add, there are fewer than 24.
constexpr std::size_t kMostFields = 1000;
constexpr std::string_view kMoreFields = "MORE_FIELDS";

// What a number or a time takes while it is written.
constexpr std::size_t kSimpleValueSize =
    std::max(kNumberSize, kTimestampSize + 3);

std::string_view priority_of(Level level) noexcept {
  switch (level) {
    case Level::alert:
      return "1";
    case Level::critical:
      return "2";
    case Level::error:
      return "3";
    case Level::warning:
      return "4";
    case Level::info:
      return "6";
    case Level::debug:
    case Level::trace:
    case Level::off:
      break;
  }
  return "7";
}

// Names whose meaning is not the user's to change: the entry's own ones, and
// those by which journald and journalctl tell units, processes and kinds of
// messages. A name that ends in an underscore stands for all that begin so.
bool is_reserved(std::string_view name) noexcept {
  constexpr std::string_view kReserved[] = {"MESSAGE",
                                            "MESSAGE_ID",
                                            "PRIORITY",
                                            "LEVEL",
                                            "EVENT",
                                            "SCOPE",
                                            "LOGGER",
                                            kMoreFields,
                                            "CODE_",
                                            "SYSLOG_",
                                            "UNIT",
                                            "USER_UNIT",
                                            "INVOCATION_ID",
                                            "USER_INVOCATION_ID",
                                            "COREDUMP_",
                                            "OBJECT_PID",
                                            "OBJECT_UID",
                                            "OBJECT_GID",
                                            "OBJECT_COMM",
                                            "OBJECT_EXE",
                                            "OBJECT_CMDLINE",
                                            "OBJECT_CAP_EFFECTIVE",
                                            "OBJECT_SELINUX_CONTEXT",
                                            "OBJECT_AUDIT_",
                                            "OBJECT_SYSTEMD_"};
  return std::any_of(std::begin(kReserved), std::end(kReserved),
                     [&](std::string_view reserved) {
                       return reserved.ends_with('_')
                                  ? name.starts_with(reserved)
                                  : name == reserved;
                     });
}

// As append_visible(), but lines stay lines: the journal can hold them, and
// journalctl indents them.
std::uint32_t append_visible_lines(Buffer& out, std::string_view text) {
  std::uint32_t sanitized = 0;
  while (true) {
    const std::size_t end = text.find_first_of("\n\t");
    sanitized |= append_visible(out, text.substr(0, end));
    if (end == std::string_view::npos) return sanitized;
    out.push_back(text[end]);
    text.remove_prefix(end + 1);
  }
}

class JournalRow {
 public:
  JournalRow(const Event& event, RowScratch& scratch)
      : event_(event),
        scratch_(scratch),
        text_(scratch.text),
        own_fields_(std::min(event.field_count, kMostFields)) {}

  void fill() {
    // What grows without a known bound comes first. After that there is room
    // for all the rest, so the text stays where it is and views of it hold.
    const std::size_t start = text_.size();
    write_message();
    const std::size_t message_end = text_.size();
    write_more_fields();
    const std::size_t more_end = text_.size();
    text_.reserve(room());

    const std::string_view written = text_.view();
    add("MESSAGE", Value(written.substr(start, message_end - start)));
    add("PRIORITY", Value(priority_of(event_.level)));
    add("LEVEL", Value(to_string(event_.level)));
    add("EVENT", clean(event_.name));
    if (!event_.scope.is_null()) add("SCOPE", clean(event_.scope.text()));
    if (!event_.logger.empty()) add("LOGGER", clean(event_.logger));
    add_place();
    for (std::size_t i = 0; i < own_fields_; ++i) add_field(event_.fields[i]);
    if (more_end != message_end) {
      add(kMoreFields, Value(written.substr(message_end)));
    }
  }

 private:
  void write_message() {
    append_event_name(text_, event_.name);
    if (!event_.has_message() && event_.field_count == 0) return;
    if (!event_.name.empty()) text_.append(": ");
    if (event_.has_message()) {
      scratch_.sanitized += append_visible_lines(text_, event_.message);
    } else {
      // The values are counted where they are fields.
      append_pairs(text_, event_);
    }
  }

  // The fields that are too many to be fields, as one JSON object.
  void write_more_fields() {
    if (own_fields_ == event_.field_count) return;
    for (std::size_t i = own_fields_; i < event_.field_count; ++i) {
      text_.push_back(i == own_fields_ ? '{' : ',');
      append_json_string(text_, event_.fields[i].key);
      text_.push_back(':');
      scratch_.sanitized += append_json_value(text_, event_.fields[i].value);
    }
    text_.push_back('}');
  }

  // At least the bytes that everything after the first two will take.
  std::size_t room() const noexcept {
    std::size_t texts = event_.name.size() + event_.logger.size() +
                        text_size(event_.scope) + text_size(event_.func) +
                        event_.where.file.size();
    for (std::size_t i = 0; i < own_fields_; ++i) {
      texts += text_size(event_.fields[i].value);
    }
    return texts * kReplacement.size() +
           (own_fields_ + 1) * (kJournalNameSize + kSimpleValueSize);
  }

  static std::size_t text_size(const Value& value) noexcept {
    return value.kind() == Kind::text ? value.text().size() : 0;
  }

  void add_place() {
    if (!event_.where.file.empty()) add("CODE_FILE", clean(event_.where.file));
    if (event_.where.line != 0) {
      add("CODE_LINE", shown(Value(event_.where.line)));
    }
    if (!event_.func.is_null()) add("CODE_FUNC", clean(event_.func.text()));
  }

  void add_field(const Field& field) {
    if (repeats_place(field)) return;
    char* const name = text_.reserve(kJournalNameSize);
    char* end = write_journal_name(name, field.key);
    if (is_reserved({name, static_cast<std::size_t>(end - name)})) {
      if (end == name + kJournalNameSize) --end;
      *end++ = '_';
    }
    text_.advance_to(end);
    add({name, static_cast<std::size_t>(end - name)}, shown(field.value));
  }

  // True for the fields code_file and code_line of caller_info, which every
  // entry has anyway.
  bool repeats_place(const Field& field) const noexcept {
    const Value& value = field.value;
    return (field.key == "code_file" && value.kind() == Kind::text &&
            value.text() == event_.where.file) ||
           (field.key == "code_line" && value.kind() == Kind::integer &&
            value.integer() == static_cast<std::int64_t>(event_.where.line));
  }

  void add(std::string_view name, Value value) {
    scratch_.columns.push_back({name, Kind::text});
    scratch_.values.push_back(value);
  }

  // Any value as text.
  Value shown(const Value& value) {
    const std::size_t start = text_.size();
    switch (value.kind()) {
      case Kind::text:
        return clean(value.text());
      case Kind::json:
        return Value(value.text());
      default:
        append_scalar(text_, value);
        return Value(text_.view().substr(start));
    }
  }

  // The text without NUL and bad UTF-8, which journalctl would show as a list
  // of bytes. Almost always that is the text itself.
  Value clean(std::string_view text) {
    if (is_clean_text(text)) return Value(text);
    ++scratch_.sanitized;
    const std::size_t start = text_.size();
    append_clean_text(text_, text);
    return Value(text_.view().substr(start));
  }

  const Event& event_;
  RowScratch& scratch_;
  Buffer& text_;
  const std::size_t own_fields_;
};

}  // namespace

void render_journal(const Event& event, RowScratch& scratch) {
  JournalRow(event, scratch).fill();
}

}  // namespace stogger
