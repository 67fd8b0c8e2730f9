#include "event/event_record.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "event/static_fields.h"

namespace stogger {
namespace {

// Flags of a head.
constexpr std::uint8_t kTruncated = 1;
constexpr std::uint8_t kReservedKeys = 2;
constexpr std::uint8_t kHasFunc = 4;
constexpr std::uint8_t kFuncIsFunction = 8;
constexpr std::uint8_t kHasScope = 16;

struct EventRecordHead {
  RecordStart start;  // details: the level, flags, 0
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

bool is_func_function(const Event& event) noexcept {
  return event.func.kind() == Kind::text &&
         event.func.text().data() == event.where.function.data() &&
         event.func.text().size() == event.where.function.size();
}

std::string_view text_or_none(const Value& value) noexcept {
  return value.kind() == Kind::text ? value.text() : std::string_view();
}

}  // namespace

std::size_t record_size(const Event& event) noexcept {
  std::size_t size =
      sizeof(EventRecordHead) + event.name.size() + event.logger.size() +
      event.where.function.size() + event.where.file.size() +
      text_or_none(event.scope).size() + event.message_template.size();
  if (!is_func_function(event)) size += text_or_none(event.func).size();
  if (const StaticFields* fields = event.static_fields) {
    size += fields->record_heads().size_bytes() + fields->record_texts().size();
  }
  for (std::size_t i = 0; i < event.field_count; ++i) {
    size += field_record_size(event.fields[i]);
  }
  return size;
}

void write_record(const Event& event, std::size_t size,
                  std::byte* out) noexcept {
  auto* const head = reinterpret_cast<EventRecordHead*>(out);
  auto* field_head =
      reinterpret_cast<FieldRecordHead*>(out + sizeof(EventRecordHead));
  std::size_t field_count = event.field_count;
  if (const StaticFields* fields = event.static_fields) {
    const std::span<const FieldRecordHead> heads = fields->record_heads();
    std::memcpy(field_head, heads.data(), heads.size_bytes());
    field_head += heads.size();
    field_count += heads.size();
  }
  RecordTexts texts(out + sizeof(EventRecordHead) +
                    field_count * sizeof(FieldRecordHead));
  std::uint8_t flags = 0;
  if (event.truncated) flags |= kTruncated;
  if (event.has_reserved_keys) flags |= kReservedKeys;
  if (!event.func.is_null()) flags |= kHasFunc;
  if (!event.scope.is_null()) flags |= kHasScope;
  const bool is_function = is_func_function(event);
  if (is_function) flags |= kFuncIsFunction;

  head->start = {RecordKind::event,
                 {static_cast<std::uint8_t>(event.level), flags, 0},
                 static_cast<std::uint32_t>(size),
                 event.time.ns};
  head->raw_size = static_cast<std::uint32_t>(event.raw_size);
  head->sanitized = event.sanitized;
  head->line = event.where.line;
  head->fields = static_cast<std::uint32_t>(field_count);
  head->name = texts.add(event.name);
  head->logger = texts.add(event.logger);
  head->function = texts.add(event.where.function);
  head->file = texts.add(event.where.file);
  head->func =
      texts.add(is_function ? std::string_view() : text_or_none(event.func));
  head->scope = texts.add(text_or_none(event.scope));
  head->message_template = texts.add(event.message_template);
  head->unused_too = 0;
  if (const StaticFields* fields = event.static_fields) {
    texts.add(fields->record_texts());
  }
  for (std::size_t i = 0; i < event.field_count; ++i, ++field_head) {
    write_field_record(event.fields[i], field_head, texts);
  }
}

namespace {

// What renderers take Event::raw_size for, if the record says less.
std::size_t least_raw_size(const Event& event) noexcept {
  std::size_t size = event.name.size() + event.logger.size() +
                     text_or_none(event.func).size() +
                     text_or_none(event.scope).size();
  for (std::size_t i = 0; i < event.field_count; ++i) {
    const Field& field = event.fields[i];
    size += field.key.size() + kOtherSize;
    if (has_record_text(field.value.kind())) size += field.value.text().size();
  }
  return size;
}

}  // namespace

bool EventRecord::read(std::span<const std::byte> record) {
  EventRecordHead head;
  if (record.size() < sizeof head) return false;
  std::memcpy(&head, record.data(), sizeof head);
  const RecordStart& start = head.start;
  if (start.kind != RecordKind::event || start.size > record.size() ||
      start.size < sizeof head) {
    return false;
  }
  const std::uint8_t level = start.details[0];
  const std::uint8_t flags = start.details[1];
  const std::span<const std::byte> rest =
      record.first(start.size).subspan(sizeof head);
  if (head.fields > rest.size() / sizeof(FieldRecordHead) ||
      level >= static_cast<std::uint8_t>(Level::off)) {
    return false;
  }
  const std::size_t heads = head.fields * sizeof(FieldRecordHead);
  RecordTextReader texts(rest.subspan(heads));
  event_ = blank_;
  event_.time = Time{start.time_ns};
  event_.level = static_cast<Level>(level);
  event_.raw_size = head.raw_size;
  event_.sanitized = head.sanitized;
  event_.truncated = (flags & kTruncated) != 0;
  event_.has_reserved_keys = (flags & kReservedKeys) != 0;
  event_.name = texts.take(head.name);
  event_.logger = texts.take(head.logger);
  event_.where.function = texts.take(head.function);
  event_.where.file = texts.take(head.file);
  event_.where.line = head.line;
  const std::string_view func = texts.take(head.func);
  const std::string_view scope = texts.take(head.scope);
  const bool is_function = (flags & kFuncIsFunction) != 0;
  if ((flags & kHasFunc) != 0) {
    event_.func = Value(is_function ? event_.where.function : func);
  }
  if ((flags & kHasScope) != 0) event_.scope = scope;
  event_.message_template = texts.take(head.message_template);

  if (!read_field_records(rest.data(), head.fields, &texts, &fields_)) {
    return false;
  }
  event_.fields = fields_.data();
  event_.field_count = fields_.size();
  event_.raw_size = std::max(event_.raw_size, least_raw_size(event_));
  return texts.is_used_up();
}

}  // namespace stogger
