#include "event/shorten.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/utf8.h"

namespace stogger {
namespace {

// What a JSON string can grow to, per byte: \u0000 for one.
constexpr std::size_t kLargestGrowth = 6;
// Quotes, colon, comma around each field; names of the columns around the rest.
constexpr std::size_t kFieldOverhead = 8;
constexpr std::size_t kEventOverhead = 512;
constexpr std::string_view kMark = "_truncated";

// One text of the event that can be cut, and its size as JSON.
struct Part {
  std::string_view text;
  std::size_t size;
};

class Shortener {
 public:
  Shortener(Event* event, EventScratch& scratch)
      : event_(event), fields_(scratch.fields.fields()) {}

  void run() {
    measure();
    if (total_ <= kLargestEvent) return;
    const std::size_t most = largest_part();
    cut(&event_->name, most);
    if (event_->has_message()) cut(&event_->message, most);
    for (Field& field : fields_) cut(&field, most);
    drop_last_fields();
    fields_.emplace_back(kMark, Value(true));
    event_->fields = fields_.data();
    event_->field_count = fields_.size();
  }

 private:
  void note(std::string_view text) {
    const std::size_t size = json_value_size(Value(text));
    parts_.push_back({text, size});
    total_ += size;
  }

  void measure() {
    total_ = kEventOverhead;
    note(event_->name);
    if (event_->has_message()) note(event_->message);
    for (const Field& field : fields_) {
      total_ += json_value_size(Value(field.key)) + kFieldOverhead;
      if (field.value.kind() == Kind::text ||
          field.value.kind() == Kind::json) {
        note(field.value.text());
      } else {
        total_ += json_value_size(field.value);
      }
    }
  }

  // The size that no part may exceed, for the whole to fit.
  std::size_t largest_part() {
    std::sort(parts_.begin(), parts_.end(),
              [](const Part& a, const Part& b) { return a.size > b.size; });
    std::size_t total = total_;
    std::size_t cut_parts = 0;
    while (cut_parts < parts_.size()) {
      total -= parts_[cut_parts].size;
      ++cut_parts;
      const std::size_t next =
          cut_parts < parts_.size() ? parts_[cut_parts].size : 0;
      if (total + cut_parts * next <= kLargestEvent) {
        return std::max(next, (kLargestEvent - total) / cut_parts);
      }
    }
    return 0;
  }

  static void cut(std::string_view* text, std::size_t most) {
    while (json_value_size(Value(*text)) > most) {
      const std::size_t over = json_value_size(Value(*text)) - most;
      const std::size_t less = std::max<std::size_t>(over / kLargestGrowth, 1);
      *text = utf8_prefix(*text, text->size() - std::min(less, text->size()));
      if (text->empty()) return;
    }
  }

  static void cut(Field* field, std::size_t most) {
    const Kind kind = field->value.kind();
    if (kind != Kind::text && kind != Kind::json) return;
    if (json_value_size(field->value) <= most) return;
    // A piece of JSON is no JSON.
    std::string_view text = field->value.text();
    cut(&text, most);
    field->value = Value(text);
  }

  void drop_last_fields() {
    parts_.clear();
    measure();
    while (total_ > kLargestEvent && !fields_.empty()) {
      const Field& last = fields_.back();
      total_ -= json_value_size(Value(last.key)) + kFieldOverhead +
                json_value_size(last.value);
      fields_.pop_back();
    }
  }

  Event* event_;
  std::vector<Field>& fields_;
  std::vector<Part> parts_;
  std::size_t total_ = 0;
};

}  // namespace

void shorten_long(Event* event, EventScratch& scratch) {
  Shortener(event, scratch).run();
}

}  // namespace stogger
