#include "event/compose.h"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <iterator>

#include "base/ascii_test.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value_capture.h"
#include "event/scope.h"

namespace stogger {
namespace {

// kOtherSize, with the longest key of those that the library adds.
constexpr std::size_t kCallerSize = kOtherSize + 9;

// Keys that some target has for itself.
constexpr std::string_view kReserved[] = {"timestamp", "level",   "event",
                                          "data",      "message", "logger"};
// And those of columns, which a field of text sets.
constexpr std::string_view kFunc = "func";
constexpr std::string_view kScope = "scope";

bool is_reserved(std::string_view key) noexcept {
  return std::find(std::begin(kReserved), std::end(kReserved), key) !=
         std::end(kReserved);
}

bool is_column(std::string_view key) noexcept {
  return key == kFunc || key == kScope;
}

bool is_special(std::string_view key, const EventSettings& settings) noexcept {
  return (settings.special().may_have(key) &&
          (is_reserved(key) || is_column(key) || settings.has_static(key))) ||
         settings.redaction().hides(key);
}

bool has_key(Fields fields, std::string_view key) noexcept {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return field.key == key; });
}

// No two of the keys are equal, and none is special.
[[gnu::noinline]] bool are_plain_keys(Fields fields,
                                      const EventSettings& settings) noexcept {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view key = fields[i].key;
    if (is_special(key, settings)) return false;
    if (has_key({fields.begin(), i}, key)) return false;
  }
  return true;
}

// True if the fields can be passed on as they are: no two equal keys, nothing
// that has a place of its own, is a secret, or has to be written out or
// checked. Adds up what they take.
[[gnu::always_inline]] inline bool are_plain(Fields fields,
                                             const EventSettings& settings,
                                             std::size_t* raw_size) noexcept {
  constexpr std::size_t kMost = 16;
  if (fields.size() > kMost) return false;
  std::size_t size = fields.size() * kOtherSize;
  // Marks of the keys so far, and what keys have in common with those before
  // them and with special ones: mostly nothing.
  std::uint64_t seen = 0;
  std::uint64_t common = 0;
  const Redaction& redaction = settings.redaction();
  // Other keys may not be valid text, or be URLs with a password, and then have
  // to be cleaned.
  PlainKeyTest plain;
  for (const Field& field : fields) {
    const std::string_view key = field.key;
    if (field.value.kind() >= Kind::json || key.empty()) return false;
    plain.add(key);
    const std::uint64_t mark = KeyShapes::mark(key);
    common |= (seen | settings.special().marks_like(key)) & mark;
    if (redaction.may_hide_ending(key)) common |= mark;
    seen |= mark;
    size += key.size();
    if (field.value.kind() != Kind::text) continue;
    size += field.value.text().size();
    if (redaction.hides_part_of(field.value.text())) return false;
  }
  if (common != 0 && !are_plain_keys(fields, settings)) return false;
  // Texts that are too long are cut before anything looks at them.
  if (!plain.passed() || size > kLargestEvent) return false;
  *raw_size += size;
  return true;
}

// Whether a key of the call begins as that of a secret, or a text may have what
// a pattern matches. Texts that are too long are cut before anything looks at
// them.
[[gnu::noinline]] bool may_hide(const detail::Call& call,
                                const Redaction& redaction) {
  const ValuePatterns* const patterns = redaction.patterns();
  const auto matches = [&](std::string_view text) {
    return !is_clean_text(text) || patterns->match(text);
  };
  std::size_t size = call.message.size();
  for (const Field& field : call.fields) {
    if (redaction.begins_secret(field.key)) return true;
    if (patterns == nullptr || field.value.kind() != Kind::text) continue;
    size += field.value.text().size();
    if (size > kLargestEvent || matches(field.value.text())) return true;
  }
  return patterns != nullptr && (size > kLargestEvent || matches(call.message));
}

class Composer {
 public:
  Composer(const EventSettings& settings, EventScratch& scratch, Event* event)
      : settings_(settings), scratch_(scratch), event_(event) {}

  void add(Fields fields) {
    for (const Field& field : fields) add(field.key, field.value);
  }

  void add_scopes(const detail::ScopeRep* scope) {
    if (scope == nullptr) return;
    add_scopes(scope->parent);
    event_->scope = Value(clean_name(scope->own.name()));
    event_->raw_size += scope->own.name().size();
    add(scope->own.fields());
  }

  // Whether a field has the key of a static one, which then is none.
  bool replaces_static() const noexcept { return replaces_static_; }

  // Names, too, go to every target, and some programs make them of URLs.
  std::string_view clean_name(std::string_view name) {
    return settings_.redaction().hides_part_of_name(name)
               ? without_passwords(name)
               : name;
  }

  // Of a text that is no JSON.
  std::string_view without_secret_parts(std::string_view text) {
    if (const ValuePatterns* patterns = settings_.redaction().patterns()) {
      text = without_matches(text, *patterns);
    }
    return without_passwords(text);
  }

 private:
  // In the URLs of a text, or of JSON.
  std::string_view without_passwords(std::string_view text) {
    if (!settings_.redaction().hides_part_of(text)) return text;
    Buffer& clean = scratch_.buffer;
    clean.clear();
    settings_.redaction().append_clean(clean, text);
    return scratch_.arena.copy(clean.view());
  }

  // What has no room is not searched, and not shown.
  std::string_view without_matches(std::string_view text,
                                   const ValuePatterns& patterns) {
    if (text.size() > pattern_room_) return kRedacted;
    pattern_room_ -= text.size();
    if (!is_clean_text(text)) text = cleaned(text);
    if (!patterns.match(text)) return text;
    Buffer& clean = scratch_.buffer;
    clean.clear();
    patterns.append_clean(clean, text, kRedacted);
    event_->raw_size += clean.size();
    return scratch_.arena.copy(clean.view());
  }

  void add(std::string_view key, const Value& value) {
    // What has no room in the event is not looked at.
    if (key.size() > key_room_) return leave_out();
    key_room_ -= key.size();
    // As targets would write it: keys that are equal then are equal now.
    if (!is_clean_text(key)) key = cleaned(key);
    key = clean_name(key);
    event_->raw_size += key.size() + kOtherSize;
    const Value settled = settle(key, value);
    if (settings_.special().may_have(key)) {
      if (is_column(key) && settled.kind() == Kind::text) {
        (key == kFunc ? event_->func : event_->scope) = settled;
        return;
      }
      if (is_column(key) || is_reserved(key)) event_->has_reserved_keys = true;
      replaces_static_ = replaces_static_ || settings_.has_static(key);
    }
    put(key, settled);
  }

  void put(std::string_view key, const Value& value) {
    if (!scratch_.fields.put(key, value)) leave_out();
  }

  void leave_out() noexcept { event_->truncated = true; }

  std::string_view cleaned(std::string_view text) {
    ++event_->sanitized;
    Buffer& clean = scratch_.buffer;
    clean.clear();
    append_clean_text(clean, text);
    return scratch_.arena.copy(clean.view());
  }

  // The value as renderers may see it: no secret, nothing custom, clean JSON,
  // and nothing much longer than an event can be.
  Value settle(std::string_view key, const Value& value) {
    if (settings_.redaction().hides(key)) return Value(kRedacted);
    if (value.kind() < Kind::text || value.kind() == Kind::time) return value;
    if (value.kind() == Kind::custom) {
      // One byte more tells that there were more.
      return settle(
          key, ValueCapture::resolve(value, scratch_.arena, kLargestEvent + 1));
    }
    if (value.kind() == Kind::json) return settle_json(value.text());
    const std::string_view text = utf8_prefix(value.text(), kLargestEvent);
    event_->raw_size += text.size();
    return without_secret_parts(text);
  }

  Value settle_json(std::string_view text) {
    if (text.size() > json_room_) return unread_json(text);
    json_room_ -= text.size();
    event_->raw_size += text.size();
    Buffer& clean = scratch_.buffer;
    clean.clear();
    const Redaction& redaction = settings_.redaction();
    const bool valid = append_clean_json(
        clean, text, redaction.empty() ? nullptr : &Redaction::hides_member,
        &redaction, &event_->sanitized,
        redaction.patterns() == nullptr ? nullptr : &Redaction::hide_parts);
    if (!valid) return without_secrets(text);
    return Value(Json{without_passwords(scratch_.arena.copy(clean.view()))});
  }

  // JSON that is too long, alone or with what came before, is not read: its
  // beginning becomes a text.
  Value unread_json(std::string_view text) {
    constexpr std::size_t kLeast = 256;
    text = utf8_prefix(text, std::max(unread_room_, kLeast));
    unread_room_ -= std::min(unread_room_, text.size());
    event_->raw_size += text.size();
    event_->truncated = true;
    return without_secrets(text);
  }

  // Of a text that is no JSON. Where a secret in it would end is not known.
  Value without_secrets(std::string_view text) {
    const Redaction& redaction = settings_.redaction();
    return redaction.hides_word_of(text) ||
                   redaction.hides_escaped_part_of(text)
               ? kRedacted
               : without_secret_parts(text);
  }

  const EventSettings& settings_;
  EventScratch& scratch_;
  Event* event_;
  bool replaces_static_ = false;
  // What may still be taken of keys, of JSON that is read, and of other JSON.
  std::size_t key_room_ = kLargestEvent;
  std::size_t json_room_ = kLargestEvent;
  std::size_t unread_room_ = kLargestEvent;
  // What may still be searched for patterns.
  std::size_t pattern_room_ = kLargestEvent;
};

// Last, so that they do not push the program's own fields aside. What the
// program itself says under these keys stays.
void add_caller(const Where& where, EventScratch& scratch, Event* event) {
  event->raw_size += where.file.size() + 4 * kCallerSize;
  scratch.fields.put_new("code_file", where.file);
  scratch.fields.put_new("code_line", where.line);
  scratch.fields.put_new("pid", ::getpid());
  scratch.fields.put_new("thread", ::gettid());
}

}  // namespace

EventSettings::EventSettings(bool caller_info,
                             const std::vector<std::string>& redact,
                             Fields static_fields,
                             std::shared_ptr<ValuePatterns> patterns)
    : caller_info_(caller_info), redaction_(redact, std::move(patterns)) {
  for (const std::string_view name : kReserved) special_.add(name);
  special_.add(kFunc);
  special_.add(kScope);
  if (static_fields.size() == 0) return;
  std::vector<Field> fields(static_fields.begin(), static_fields.end());
  std::deque<Buffer> without_parts;
  for (Field& field : fields) {
    special_.add(field.key);
    if (redaction_.hides(field.key)) {
      field.value = Value(kRedacted);
    } else if (field.value.kind() == Kind::text &&
               redaction_.patterns() != nullptr &&
               Redaction::hide_parts(&redaction_, field.value.text(),
                                     without_parts.emplace_back())) {
      field.value = Value(without_parts.back().view());
    }
  }
  static_fields_ = std::make_shared<const StaticFields>(Fields(fields));
}

// For an event that does not consist of the call's own fields alone, or whose
// fields cannot stay as they are.
[[gnu::noinline]] void compose_fields(Fields bound,
                                      const detail::ScopeRep* scope,
                                      const detail::Call& call,
                                      const EventSettings& settings,
                                      EventScratch& scratch,
                                      std::uint64_t left_out, Event* event) {
  scratch.arena.reset();
  if (settings.static_fields() != nullptr) scratch.before = *event;
  for (bool with_static = false;; with_static = true) {
    scratch.fields.clear();
    Composer composer(settings, scratch, event);
    // One of another value is like those of the program, all in their order.
    if (with_static) composer.add(settings.static_fields()->fields());
    composer.add_scopes(scope);
    composer.add(bound);
    composer.add(call.fields);
    event->message_template = composer.without_secret_parts(call.message);
    event->name = composer.clean_name(call.event);
    if (with_static || !composer.replaces_static()) break;
    *event = scratch.before;
    event->raw_size -= settings.static_fields()->raw_size();
    event->static_fields = nullptr;
  }
  if (left_out != 0) {
    event->raw_size += kCallerSize;
    scratch.fields.put_new("suppressed", left_out);
  }
  if (settings.caller_info()) add_caller(call.where, scratch, event);
  event->fields = scratch.fields.fields().data();
  event->field_count = scratch.fields.fields().size();
}

Event compose(const detail::LoggerRep* logger, const detail::Call& call,
              Time now, const EventSettings& settings, EventScratch& scratch,
              std::uint64_t left_out) {
  Event event = scratch.blank;
  event.time = now;
  event.level = std::clamp(call.level, Level::trace, Level::alert);
  event.name = call.event;
  event.message_template = call.message;
  event.fields = call.fields.begin();
  event.field_count = call.fields.size();
  event.raw_size = call.event.size() + call.where.function.size();
  if (const StaticFields* fields = settings.static_fields()) {
    event.static_fields = fields;
    event.raw_size += fields->raw_size();
  }
  event.where = call.where;
  if (!call.where.function.empty()) event.func = Value(call.where.function);

  bool has_bound = false;
  if (logger != nullptr) {
    event.logger = logger->bound.name();
    event.raw_size += event.logger.size();
    has_bound = !logger->bound.empty();
  }
  const detail::ScopeRep* const scope = ScopeChain::innermost();
  if (has_bound || scope != nullptr || settings.caller_info() ||
      left_out != 0 || settings.redaction().hides_part_of(call.message) ||
      settings.redaction().hides_part_of_name(call.event) ||
      (settings.redaction().is_thorough() &&
       may_hide(call, settings.redaction())) ||
      !are_plain(call.fields, settings, &event.raw_size)) {
    compose_fields(has_bound ? logger->bound.fields() : Fields(), scope, call,
                   settings, scratch, left_out, &event);
  }
  return event;
}

}  // namespace stogger
