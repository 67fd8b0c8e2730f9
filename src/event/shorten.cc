#include "event/shorten.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "base/json.h"

namespace stogger {
namespace {

// Colon and comma of each field; names of the columns around the rest.
constexpr std::size_t kFieldOverhead = 2;
constexpr std::size_t kEventOverhead = 512;
// What keys and numbers, which cannot be cut, may take of an event.
constexpr std::size_t kLargestFixed = kLargestEvent / 4 * 3;
constexpr std::string_view kMark = "_truncated";

bool can_be_cut(const Value& value) noexcept {
  return value.kind() == Kind::text || value.kind() == Kind::json;
}

// What is left of a text, or of JSON: a piece of that is no JSON.
Value cut(const Value& value, std::size_t most) {
  if (!can_be_cut(value) || json_value_size(value) <= most) return value;
  return Value(json_string_prefix(value.text(), most));
}

class Shortener {
 public:
  Shortener(Event* event, EventScratch& scratch)
      : event_(event), fields_(scratch.fields.fields()) {}

  void run() {
    measure();
    if (fixed_ + cuttable_ <= kLargestEvent) return;
    // Plain fields are still where the caller has them.
    if (event_->fields != fields_.data()) {
      fields_.assign(event_->fields, event_->fields + event_->field_count);
    }
    if (fixed_ > kLargestFixed) drop_fields();
    cut_texts(largest_part());
    mark();
    event_->fields = fields_.data();
    event_->field_count = fields_.size();
    event_->raw_size = kLargestEvent;
  }

 private:
  static std::size_t fixed_size(const Field& field) {
    return json_value_size(Value(field.key)) + kFieldOverhead +
           (can_be_cut(field.value) ? 0 : json_value_size(field.value));
  }

  void measure_text(const Value& value) {
    if (!can_be_cut(value)) return;
    parts_.push_back(json_value_size(value));
    cuttable_ += parts_.back();
  }

  void measure() {
    measure_text(Value(event_->name));
    measure_text(Value(event_->message));
    measure_text(Value(event_->logger));
    measure_text(event_->func);
    measure_text(event_->scope);
    for (std::size_t i = 0; i < event_->field_count; ++i) {
      fixed_ += fixed_size(event_->fields[i]);
      measure_text(event_->fields[i].value);
    }
  }

  // Those that take most go, of equals the last ones.
  void drop_fields() {
    std::vector<std::size_t> sizes;
    for (const Field& field : fields_) sizes.push_back(fixed_size(field));
    std::vector<std::size_t> order(fields_.size());
    std::iota(order.rbegin(), order.rend(), std::size_t{0});
    std::stable_sort(
        order.begin(), order.end(),
        [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
    for (const std::size_t i : order) {
      if (fixed_ <= kLargestFixed) break;
      fixed_ -= sizes[i];
      sizes[i] = 0;
    }
    std::size_t i = 0;
    std::erase_if(fields_, [&](const Field&) { return sizes[i++] == 0; });
  }

  // The size that no part may exceed, for the whole to fit. Counts the parts of
  // fields that were dropped too, which makes it a little smaller at most.
  std::size_t largest_part() {
    std::sort(parts_.begin(), parts_.end(), std::greater<>());
    const std::size_t room = kLargestEvent - fixed_;
    std::size_t rest = cuttable_;
    for (std::size_t count = 1; count <= parts_.size(); ++count) {
      rest -= parts_[count - 1];
      const std::size_t next = count < parts_.size() ? parts_[count] : 0;
      if (rest + count * next <= room) return (room - rest) / count;
    }
    return 0;
  }

  void cut_texts(std::size_t most) {
    event_->name = cut(Value(event_->name), most).text();
    event_->message = cut(Value(event_->message), most).text();
    event_->logger = cut(Value(event_->logger), most).text();
    event_->func = cut(event_->func, most);
    event_->scope = cut(event_->scope, most);
    for (Field& field : fields_) field.value = cut(field.value, most);
  }

  void mark() {
    const auto known =
        std::find_if(fields_.begin(), fields_.end(),
                     [](const Field& field) { return field.key == kMark; });
    if (known != fields_.end()) {
      known->value = Value(true);
    } else {
      fields_.emplace_back(kMark, Value(true));
    }
  }

  Event* event_;
  std::vector<Field>& fields_;
  std::vector<std::size_t> parts_;  // the sizes of all that can be cut
  std::size_t cuttable_ = 0;        // and their sum
  std::size_t fixed_ = kEventOverhead;
};

}  // namespace

void shorten_long(Event* event, EventScratch& scratch) {
  Shortener(event, scratch).run();
}

}  // namespace stogger
