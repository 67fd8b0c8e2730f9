#include "event/compose.h"

#include <unistd.h>

#include <cstring>
#include <functional>

#include "base/json.h"
#include "base/value_capture.h"
#include "event/scope.h"

namespace stogger {
namespace {

constexpr std::size_t kFewFields = 24;
// What a value that is no text takes at most.
constexpr std::size_t kOtherSize = 32;

bool is_reserved(std::string_view key) noexcept {
  switch (key.size()) {
    case 2:
      return key == "id";
    case 4:
      return key == "data";
    case 5:
      return key == "level" || key == "event";
    case 6:
      return key == "logger";
    case 7:
      return key == "message";
    case 9:
      return key == "timestamp";
    default:
      return false;
  }
}

class Composer {
 public:
  Composer(const EventSettings& settings, EventScratch& scratch, Event* event)
      : settings_(settings), scratch_(scratch), event_(event) {}

  void add(Fields fields) {
    for (const Field& field : fields) add(field.key, field.value);
  }

  void add_scopes(const Scope* scope) {
    if (scope == nullptr) return;
    add_scopes(ScopeChain::outer(scope));
    const OwnedFields* context = ScopeChain::context(scope);
    if (context == nullptr) return;
    event_->scope = Value(context->name());
    add(context->fields());
  }

  void add_caller(const Where& where) {
    // What the program itself says under these keys comes later, and wins.
    scratch_.fields.put("code_file", where.file);
    scratch_.fields.put("code_line", where.line);
    scratch_.fields.put("pid", ::getpid());
    scratch_.fields.put("thread", ::gettid());
  }

 private:
  void add(std::string_view key, const Value& value) {
    event_->raw_size += key.size() + kOtherSize;
    if (key.size() == 4 && key == "func") {
      event_->func = column_text(key, value);
    } else if (key.size() == 5 && key == "scope") {
      event_->scope = column_text(key, value);
    } else if (is_reserved(key)) {
      char* renamed = scratch_.arena.allocate(key.size() + 1);
      std::memcpy(renamed, key.data(), key.size());
      renamed[key.size()] = '_';
      scratch_.fields.put({renamed, key.size() + 1}, settle(key, value));
    } else {
      scratch_.fields.put(key, settle(key, value));
    }
  }

  // The value as renderers may see it: no secret, nothing custom, clean JSON.
  Value settle(std::string_view key, const Value& value) {
    if (settings_.redaction.hides(key)) return Value(kRedacted);
    if (value.kind() < Kind::text) return value;
    if (value.kind() == Kind::custom) {
      return settle(key, ValueCapture::resolve(value, scratch_.arena));
    }
    if (value.kind() != Kind::time) event_->raw_size += value.text().size();
    return value.kind() == Kind::json ? clean_json(value) : value;
  }

  Value clean_json(const Value& value) {
    Buffer& clean = scratch_.buffer;
    clean.clear();
    const bool valid = append_clean_json(
        clean, value.text(),
        settings_.redaction.empty() ? nullptr : &Redaction::hides_member,
        &settings_.redaction, &event_->sanitized);
    if (!valid) return Value(value.text());
    return Value(Json{scratch_.arena.copy(clean.view())});
  }

  // func and scope are columns of text: other kinds show as JSON shows them.
  Value column_text(std::string_view key, const Value& given) {
    const Value value = settle(key, given);
    if (value.is_null() || value.kind() == Kind::text) return value;
    Buffer& text = scratch_.buffer;
    text.clear();
    append_json_value(text, value);
    std::string_view shown = text.view();
    if (shown.size() >= 2 && shown.front() == '"') {
      shown = shown.substr(1, shown.size() - 2);
    }
    return Value(scratch_.arena.copy(shown));
  }

  const EventSettings& settings_;
  EventScratch& scratch_;
  Event* event_;
};

}  // namespace

void FieldSet::clear() noexcept {
  fields_.clear();
  slots_.clear();
}

Field* FieldSet::find(std::string_view key) noexcept {
  if (slots_.empty()) {
    for (Field& field : fields_) {
      if (field.key == key) return &field;
    }
    return nullptr;
  }
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = std::hash<std::string_view>()(key) & mask;
       slots_[slot] != 0; slot = (slot + 1) & mask) {
    Field& field = fields_[slots_[slot] - 1];
    if (field.key == key) return &field;
  }
  return nullptr;
}

void FieldSet::index_all() {
  std::size_t size = 1;
  while (size < fields_.capacity() * 2) size *= 2;
  slots_.assign(size, 0);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    std::size_t slot = std::hash<std::string_view>()(fields_[i].key);
    while (slots_[slot & (size - 1)] != 0) ++slot;
    slots_[slot & (size - 1)] = static_cast<std::uint32_t>(i + 1);
  }
}

void FieldSet::put(std::string_view key, const Value& value) {
  if (Field* known = find(key)) {
    known->value = value;
    return;
  }
  const std::size_t capacity = fields_.capacity();
  fields_.emplace_back(key, value);
  if (fields_.size() <= kFewFields) return;
  if (slots_.empty() || fields_.capacity() != capacity) {
    index_all();
    return;
  }
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(key) & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = static_cast<std::uint32_t>(fields_.size());
}

void compose(const detail::LoggerRep* logger, const detail::Call& call,
             Time now, const EventSettings& settings, EventScratch& scratch,
             Event* event) {
  scratch.arena.reset();
  scratch.fields.clear();
  event->time = now;
  event->level = call.level;
  event->name = call.event;
  event->where = call.where;
  event->message_template = call.message;
  event->raw_size = call.event.size();
  if (call.where.function != nullptr && *call.where.function != '\0') {
    event->func = Value(call.where.function);
  }

  Composer composer(settings, scratch, event);
  if (settings.caller_info) composer.add_caller(call.where);
  composer.add_scopes(ScopeChain::innermost());
  if (logger != nullptr) {
    event->logger = logger->bound.name();
    composer.add(logger->bound.fields());
  }
  composer.add(call.fields);
  event->fields = scratch.fields.fields().data();
  event->field_count = scratch.fields.fields().size();
}

}  // namespace stogger
