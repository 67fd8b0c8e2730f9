#include "sinks/journald/entry.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/json.h"
#include "base/number.h"
#include "base/plain.h"
#include "base/scalar_text.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "row/event_columns.h"
#include "row/free_name.h"
#include "sinks/journald/journal_name.h"
#include "stogger/level.h"

namespace stogger {
namespace {

// journald ignores an entry of more than 1024 fields as a whole. Of the others,
// and of those that sinks add, there are fewer than 24.
constexpr std::size_t kMostFields = 1000;
constexpr std::string_view kMoreFields = "MORE_FIELDS";

// What a number or a time takes while it is written.
constexpr std::size_t kSimpleValueSize =
    std::max(kNumberSize, kTimestampSize + 3);

std::string_view priority_of(std::string_view name) noexcept {
  Level level = Level::off;
  parse_level(name, &level);
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
constexpr std::size_t kReservedCount = std::size(kReserved);

// Which of them the name is; kReservedCount if it is none.
std::size_t reserved_place(std::string_view name) noexcept {
  const auto found = std::find_if(std::begin(kReserved), std::end(kReserved),
                                  [&](std::string_view reserved) {
                                    return reserved.ends_with('_')
                                               ? name.starts_with(reserved)
                                               : name == reserved;
                                  });
  return static_cast<std::size_t>(found - std::begin(kReserved));
}

// As append_visible(), but lines stay lines: the journal can hold them, and
// journalctl indents them.
void append_visible_lines(Buffer& out, std::string_view text) {
  while (true) {
    const std::size_t end = text.find_first_of("\n\t");
    append_visible(out, text.substr(0, end));
    if (end == std::string_view::npos) return;
    out.push_back(text[end]);
    text.remove_prefix(end + 1);
  }
}

class Entry {
 public:
  Entry(const RowBatch& rows, std::size_t row, EntryScratch& scratch)
      : rows_(rows),
        row_(row),
        scratch_(scratch),
        text_(scratch.text),
        fields_end_(
            std::min(rows.column_count, EventColumn::count + kMostFields)) {}

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
    const Value& level = value(EventColumn::level);
    add("MESSAGE", Value(written.substr(start, message_end - start)));
    add("PRIORITY", Value(priority_of(level.text())));
    add("LEVEL", level);
    add("EVENT", clean(text_of(EventColumn::event)));
    add_if_given("SCOPE", EventColumn::scope);
    add_if_given("LOGGER", EventColumn::logger_name);
    add_if_given("CODE_FILE", EventColumn::code_file);
    add_if_given("CODE_LINE", EventColumn::code_line);
    add_if_given("CODE_FUNC", EventColumn::func);
    for (std::size_t i = EventColumn::count; i < fields_end_; ++i) add_field(i);
    if (more_end != message_end) {
      add(kMoreFields, Value(written.substr(message_end)));
    }
  }

 private:
  const Value& value(std::size_t column) const noexcept {
    return rows_.at(row_, column);
  }
  std::string_view text_of(std::size_t column) const noexcept {
    return value(column).text();
  }
  std::string_view key(std::size_t column) const noexcept {
    return rows_.columns[column].name;
  }

  void write_message() {
    const std::string_view name = text_of(EventColumn::event);
    const Value& message = value(EventColumn::message);
    append_event_name(text_, name);
    if (message.is_null() && rows_.column_count == EventColumn::count) return;
    if (!name.empty()) text_.append(": ");
    if (message.is_null()) {
      write_pairs();
    } else {
      append_visible_lines(text_, message.text());
    }
  }

  // All fields as key=value.
  void write_pairs() {
    std::uint32_t sanitized = 0;
    for (std::size_t i = EventColumn::count; i < rows_.column_count; ++i) {
      const Value name(key(i));
      char* out =
          text_.reserve(2 + pair_value_room(name) + pair_value_room(value(i)));
      if (i != EventColumn::count) *out++ = ' ';
      out = write_pair_text(out, name.text(), &sanitized);
      *out++ = '=';
      text_.advance_to(write_pair_value(out, value(i), &sanitized));
    }
  }

  // The fields that are too many to be fields, as one JSON object.
  void write_more_fields() {
    if (fields_end_ == rows_.column_count) return;
    for (std::size_t i = fields_end_; i < rows_.column_count; ++i) {
      text_.push_back(i == fields_end_ ? '{' : ',');
      append_json_string(text_, key(i));
      text_.push_back(':');
      append_json_value(text_, value(i));
    }
    text_.push_back('}');
  }

  // At least the bytes that everything after the first two will take.
  std::size_t room() const noexcept {
    std::size_t texts = 0;
    for (std::size_t i = 0; i < fields_end_; ++i) {
      if (value(i).kind() == Kind::text) texts += text_of(i).size();
    }
    return texts * kReplacement.size() +
           fields_end_ * (kJournalNameSize + kSimpleValueSize);
  }

  void add_if_given(std::string_view name, std::size_t column) {
    if (!value(column).is_null()) add(name, shown(value(column)));
  }

  void add_field(std::size_t column) {
    if (repeats_place(column)) return;
    char* const name = text_.reserve(kJournalNameSize);
    char* end = write_journal_name(name, key(column));
    const std::size_t place =
        reserved_place({name, static_cast<std::size_t>(end - name)});
    if (place != kReservedCount) {
      if (end == name + kJournalNameSize) --end;
      const auto room = static_cast<std::size_t>(name + kJournalNameSize - end);
      end = std::fill_n(end, std::min(underscores(place), room), '_');
    }
    text_.advance_to(end);
    add({name, static_cast<std::size_t>(end - name)}, shown(value(column)));
  }

  // How many make that name free. Names that only begin with a reserved one
  // get one each, and stay as different as they are.
  std::size_t underscores(std::size_t place) {
    if (kReserved[place].ends_with('_')) return 1;
    std::size_t& known = underscores_[place];
    if (known != 0) return known;
    char name[kJournalNameSize];
    known = free_suffix(
        kReserved[place], fields_end_ - EventColumn::count, [&](std::size_t i) {
          const char* const end =
              write_journal_name(name, key(EventColumn::count + i));
          return std::string_view(name, static_cast<std::size_t>(end - name));
        });
    return known;
  }

  // True for the fields code_file and code_line of caller_info, which every
  // entry has anyway.
  bool repeats_place(std::size_t column) const noexcept {
    return repeats(column, EventColumn::code_file) ||
           repeats(column, EventColumn::code_line);
  }
  bool repeats(std::size_t column, std::size_t standard) const noexcept {
    const Value& own = value(column);
    const Value& place = value(standard);
    if (key(column) != key(standard) || own.kind() != place.kind()) {
      return false;
    }
    return own.kind() == Kind::text      ? own.text() == place.text()
           : own.kind() == Kind::integer ? own.integer() == place.integer()
                                         : false;
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
    const std::size_t start = text_.size();
    append_clean_text(text_, text);
    return Value(text_.view().substr(start));
  }

  const RowBatch& rows_;
  const std::size_t row_;
  EntryScratch& scratch_;
  Buffer& text_;
  const std::size_t fields_end_;  // the column after the last that is a field
  std::size_t underscores_[kReservedCount] = {};  // 0: not known yet
};

}  // namespace

RowBatch make_journal_entry(const RowBatch& rows, std::size_t row,
                            EntryScratch& scratch) {
  scratch.text.clear();
  scratch.columns.clear();
  scratch.values.clear();
  Entry(rows, row, scratch).fill();
  RowBatch entry;
  entry.columns = scratch.columns.data();
  entry.column_count = scratch.columns.size();
  entry.values = scratch.values.data();
  entry.row_count = 1;
  entry.now = rows.now;
  return entry;
}

}  // namespace stogger
