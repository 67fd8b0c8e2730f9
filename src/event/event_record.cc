#include "event/event_record.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

namespace stogger {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::uint8_t kVersion = 1;

// Flags of a head.
constexpr std::uint8_t kTruncated = 1;
constexpr std::uint8_t kReservedKeys = 2;
constexpr std::uint8_t kHasFunc = 4;
constexpr std::uint8_t kFuncIsFunction = 8;
constexpr std::uint8_t kHasScope = 16;

struct EventRecordHead {
  std::uint8_t version;
  std::uint8_t level;
  std::uint8_t flags;
  std::uint8_t unused;
  std::uint32_t size;  // of all of it, with this head
  std::int64_t time_ns;
  std::uint32_t raw_size;
  std::uint32_t sanitized;
  std::uint32_t line;
  std::uint32_t fields;
  // The sizes of texts.
  std::uint32_t name;
  std::uint32_t logger;
  std::uint32_t function;
  std::uint32_t file;
  std::uint32_t func;
  std::uint32_t scope;
  std::uint32_t message_template;
  std::uint32_t unused_too;
};
static_assert(sizeof(EventRecordHead) == 64);
static_assert(std::has_unique_object_representations_v<EventRecordHead>);

struct FieldRecordHead {
  std::uint32_t key;  // the size of its key
  std::uint8_t kind;
  std::uint8_t unused[3];
  // The bits of a number, or the size of a text.
  std::uint64_t value;
};
static_assert(sizeof(FieldRecordHead) == 16);

bool has_text(Kind kind) noexcept {
  return kind == Kind::text || kind == Kind::json;
}

// Copies the first and the last bytes, which may overlap: this way the texts of
// an event, most of which are short, need no call: 70 ns a log call in place of
// 80.
template <std::size_t part>
[[gnu::always_inline]] inline void copy_ends(char* to, const char* from,
                                             std::size_t size) noexcept {
  char first[part];
  char last[part];
  std::memcpy(first, from, part);
  std::memcpy(last, from + size - part, part);
  std::memcpy(to, first, part);
  std::memcpy(to + size - part, last, part);
}

class Texts {
 public:
  explicit Texts(std::byte* at) noexcept : at_(reinterpret_cast<char*>(at)) {}

  [[gnu::always_inline]] std::uint32_t add(std::string_view text) noexcept {
    const std::size_t size = text.size();
    if (size >= 8 && size <= 16) {
      copy_ends<8>(at_, text.data(), size);
    } else if (size >= 4 && size < 8) {
      copy_ends<4>(at_, text.data(), size);
    } else if (size > 16 && size <= 32) {
      copy_ends<16>(at_, text.data(), size);
    } else if (size > 32) {
      std::memcpy(at_, text.data(), size);
    } else {
      for (std::size_t i = 0; i < size; ++i) at_[i] = text[i];
    }
    at_ += size;
    return static_cast<std::uint32_t>(size);
  }

 private:
  char* at_;
};

bool is_func_function(const Event& event) noexcept {
  return event.func.kind() == Kind::text &&
         event.func.text().data() == event.where.function.data() &&
         event.func.text().size() == event.where.function.size();
}

std::string_view text_or_none(const Value& value) noexcept {
  return value.kind() == Kind::text ? value.text() : std::string_view();
}

}  // namespace

std::size_t event_record_size(const Event& event) noexcept {
  std::size_t size =
      sizeof(EventRecordHead) + event.field_count * sizeof(FieldRecordHead) +
      event.name.size() + event.logger.size() + event.where.function.size() +
      event.where.file.size() + text_or_none(event.scope).size() +
      event.message_template.size();
  if (!is_func_function(event)) size += text_or_none(event.func).size();
  for (std::size_t i = 0; i < event.field_count; ++i) {
    const Field& field = event.fields[i];
    size += field.key.size();
    if (has_text(field.value.kind())) size += field.value.text().size();
  }
  return size;
}

void write_event_record(const Event& event, std::size_t size,
                        std::byte* out) noexcept {
  auto* const head = reinterpret_cast<EventRecordHead*>(out);
  auto* field_head =
      reinterpret_cast<FieldRecordHead*>(out + sizeof(EventRecordHead));
  Texts texts(out + sizeof(EventRecordHead) +
              event.field_count * sizeof(FieldRecordHead));
  std::uint8_t flags = 0;
  if (event.truncated) flags |= kTruncated;
  if (event.has_reserved_keys) flags |= kReservedKeys;
  if (!event.func.is_null()) flags |= kHasFunc;
  if (!event.scope.is_null()) flags |= kHasScope;
  const bool is_function = is_func_function(event);
  if (is_function) flags |= kFuncIsFunction;

  head->version = kVersion;
  head->level = static_cast<std::uint8_t>(event.level);
  head->flags = flags;
  head->unused = 0;
  head->size = static_cast<std::uint32_t>(size);
  head->time_ns = event.time.ns;
  head->raw_size = static_cast<std::uint32_t>(event.raw_size);
  head->sanitized = event.sanitized;
  head->line = event.where.line;
  head->fields = static_cast<std::uint32_t>(event.field_count);
  head->name = texts.add(event.name);
  head->logger = texts.add(event.logger);
  head->function = texts.add(event.where.function);
  head->file = texts.add(event.where.file);
  head->func =
      texts.add(is_function ? std::string_view() : text_or_none(event.func));
  head->scope = texts.add(text_or_none(event.scope));
  head->message_template = texts.add(event.message_template);
  head->unused_too = 0;
  for (std::size_t i = 0; i < event.field_count; ++i, ++field_head) {
    const Field& field = event.fields[i];
    const Value& value = field.value;
    FieldRecordHead written = {};
    written.key = texts.add(field.key);
    written.kind = static_cast<std::uint8_t>(value.kind());
    switch (value.kind()) {
      case Kind::boolean:
      case Kind::integer:
      case Kind::unsigned_integer:
      case Kind::time:
        written.value = value.unsigned_integer();
        break;
      case Kind::real:
        written.value = std::bit_cast<std::uint64_t>(value.real());
        break;
      case Kind::text:
      case Kind::json:
        written.value = texts.add(value.text());
        break;
      case Kind::null:
      case Kind::custom:
        written.kind = static_cast<std::uint8_t>(Kind::null);
        break;
    }
    *field_head = written;
  }
}

namespace {

// Takes texts one after the other. Says in the end whether there were enough
// bytes.
class TextReader {
 public:
  explicit TextReader(std::span<const std::byte> rest) noexcept : rest_(rest) {}

  std::string_view take(std::uint64_t size) noexcept {
    if (size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view text(reinterpret_cast<const char*>(rest_.data()),
                                size);
    rest_ = rest_.subspan(size);
    return text;
  }
  bool is_used_up() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool failed_ = false;
};

// What renderers take Event::raw_size for, if the record says less.
std::size_t least_raw_size(const Event& event) noexcept {
  constexpr std::size_t kOtherSize = 10;  // as in compose.cc
  std::size_t size = event.name.size() + event.logger.size() +
                     text_or_none(event.func).size() +
                     text_or_none(event.scope).size();
  for (std::size_t i = 0; i < event.field_count; ++i) {
    const Field& field = event.fields[i];
    size += field.key.size() + kOtherSize;
    if (has_text(field.value.kind())) size += field.value.text().size();
  }
  return size;
}

// False for a kind that there is not.
bool read_value(const FieldRecordHead& head, TextReader& texts, Value* value) {
  switch (static_cast<Kind>(head.kind)) {
    case Kind::null:
      *value = {};
      return true;
    case Kind::boolean:
      *value = head.value != 0;
      return true;
    case Kind::integer:
      *value = static_cast<std::int64_t>(head.value);
      return true;
    case Kind::unsigned_integer:
      *value = head.value;
      return head.value > static_cast<std::uint64_t>(INT64_MAX);
    case Kind::real:
      *value = std::bit_cast<double>(head.value);
      return true;
    case Kind::text:
      *value = texts.take(head.value);
      return true;
    case Kind::time:
      *value = Time{static_cast<std::int64_t>(head.value)};
      return true;
    case Kind::json:
      *value = Json{texts.take(head.value)};
      return true;
    case Kind::custom:
      break;
  }
  return false;
}

}  // namespace

Time event_record_time(std::span<const std::byte> record) noexcept {
  EventRecordHead head;
  if (record.size() < sizeof head) return {};
  std::memcpy(&head, record.data(), sizeof head);
  return Time{head.time_ns};
}

bool EventRecord::read(std::span<const std::byte> record) {
  EventRecordHead head;
  if (record.size() < sizeof head) return false;
  std::memcpy(&head, record.data(), sizeof head);
  if (head.version != kVersion || head.size > record.size() ||
      head.size < sizeof head) {
    return false;
  }
  const std::span<const std::byte> rest =
      record.first(head.size).subspan(sizeof head);
  if (head.fields > rest.size() / sizeof(FieldRecordHead) ||
      head.level >= static_cast<std::uint8_t>(Level::off)) {
    return false;
  }
  const std::size_t heads = head.fields * sizeof(FieldRecordHead);
  TextReader texts(rest.subspan(heads));
  event_ = {};
  event_.time = Time{head.time_ns};
  event_.level = static_cast<Level>(head.level);
  event_.raw_size = head.raw_size;
  event_.sanitized = head.sanitized;
  event_.truncated = (head.flags & kTruncated) != 0;
  event_.has_reserved_keys = (head.flags & kReservedKeys) != 0;
  event_.name = texts.take(head.name);
  event_.logger = texts.take(head.logger);
  event_.where.function = texts.take(head.function);
  event_.where.file = texts.take(head.file);
  event_.where.line = head.line;
  const std::string_view func = texts.take(head.func);
  const std::string_view scope = texts.take(head.scope);
  const bool is_function = (head.flags & kFuncIsFunction) != 0;
  if ((head.flags & kHasFunc) != 0) {
    event_.func = is_function ? event_.where.function : func;
  }
  if ((head.flags & kHasScope) != 0) event_.scope = scope;
  event_.message_template = texts.take(head.message_template);

  fields_.clear();
  fields_.reserve(head.fields);
  for (std::size_t i = 0; i < head.fields; ++i) {
    FieldRecordHead field;
    std::memcpy(&field, rest.data() + i * sizeof field, sizeof field);
    const std::string_view key = texts.take(field.key);
    Value value;
    if (!read_value(field, texts, &value)) return false;
    fields_.emplace_back(key, value);
  }
  event_.fields = fields_.data();
  event_.field_count = fields_.size();
  event_.raw_size = std::max(event_.raw_size, least_raw_size(event_));
  return texts.is_used_up();
}

}  // namespace stogger
