#include "event/shorten.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "base/json.h"
#include "event/static_fields.h"

namespace stogger {
namespace {

// Colon and comma of each field; names of the columns around the rest.
constexpr std::size_t kFieldOverhead = 2;
constexpr std::size_t kEventOverhead = 512;
// Underscores behind keys that targets have for themselves. More are not to be
// had: each field has its own number of them, and all keys together
// kLargestFixed bytes.
constexpr std::size_t kUnderscores = 8 * 1024;
// What keys and numbers, which cannot be cut, may take of an event.
constexpr std::size_t kLargestFixed = kLargestEvent / 4 * 3;
// Event::raw_size of an event that fits: its bytes, and something around them.
constexpr std::size_t kLargestRaw = kLargestEvent + kMostFields * 16;
constexpr std::string_view kMark = "_truncated";
constexpr std::size_t kMarkSize = 32;

bool can_be_cut(const Value& value) noexcept {
  return value.kind() == Kind::text || value.kind() == Kind::json;
}

// What is left of a text, or of JSON: a piece of that is no JSON.
Value cut(const Value& value, std::size_t most) {
  if (!can_be_cut(value) || json_value_size(value, most) <= most) return value;
  return Value(json_string_prefix(value.text(), most));
}

// The size that no part may exceed for all of them to take `room` at most.
// SIZE_MAX if they fit as they are.
std::size_t level_of(std::vector<std::size_t>& parts, std::size_t room) {
  std::size_t rest =
      std::accumulate(parts.begin(), parts.end(), std::size_t{0});
  if (rest <= room) return SIZE_MAX;
  std::sort(parts.begin(), parts.end(), std::greater<>());
  for (std::size_t count = 1; count <= parts.size(); ++count) {
    rest -= parts[count - 1];
    const std::size_t next = count < parts.size() ? parts[count] : 0;
    if (rest + count * next <= room) return (room - rest) / count;
  }
  return 0;
}

class Shortener {
 public:
  Shortener(Event* event, EventScratch& scratch)
      : event_(event), fields_(scratch.fields.fields()) {}

  void run() {
    if (event_->has_reserved_keys) fixed_ += kUnderscores;
    if (const StaticFields* fields = event_->static_fields) {
      fixed_ += fields->json().size();
    }
    for (std::size_t i = 0; i < event_->field_count; ++i) {
      fixed_ += fixed_size(event_->fields[i]);
    }
    std::size_t most = fixed_ <= kLargestEvent ? find_level() : 0;
    // What took its place in the event is no larger; what lost it to a later
    // value under the same key may have been.
    event_->raw_size = std::min(event_->raw_size, kLargestRaw);
    if (most == SIZE_MAX && !event_->truncated) return;
    take_fields();
    if (most != SIZE_MAX) {
      if (fixed_ > kLargestFixed) {
        drop_fields();
        most = find_level();
      }
      cut_texts(most);
    }
    mark();
  }

 private:
  static std::size_t fixed_size(const Field& field) {
    return json_value_size(Value(field.key)) + kFieldOverhead +
           (can_be_cut(field.value) ? 0 : json_value_size(field.value));
  }

  // Calls it with all that can be cut.
  template <class Function>
  void for_each_text(Function function) {
    function(Value(event_->name));
    function(Value(event_->message));
    function(Value(event_->logger));
    if (can_be_cut(event_->func)) function(event_->func);
    if (can_be_cut(event_->scope)) function(event_->scope);
    for (std::size_t i = 0; i < event_->field_count; ++i) {
      const Value& value = event_->fields[i].value;
      if (can_be_cut(value)) function(value);
    }
  }

  // The most that each text may take. At first by their sizes as they are,
  // which are no larger than what they become. That shows how far each of them
  // has to be measured: no more than an event in all, however long they are.
  std::size_t find_level() {
    const std::size_t room = kLargestEvent - fixed_;
    parts_.clear();
    for_each_text([&](const Value& v) { parts_.push_back(v.text().size()); });
    const std::size_t bound = level_of(parts_, room);
    parts_.clear();
    for_each_text([&](const Value& value) {
      parts_.push_back(json_value_size(value, bound));
    });
    return level_of(parts_, room);
  }

  // Plain fields are still where the caller has them.
  void take_fields() {
    if (event_->fields != fields_.data()) {
      fields_.assign(event_->fields, event_->fields + event_->field_count);
    }
    publish();
  }

  void publish() {
    event_->fields = fields_.data();
    event_->field_count = fields_.size();
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
    keep_marks(sizes);
    std::size_t i = 0;
    std::erase_if(fields_, [&](const Field&) { return sizes[i++] == 0; });
    publish();
  }

  // Those of the fields that stay, which move forward.
  void keep_marks(const std::vector<std::size_t>& sizes) {
    constexpr std::size_t kMarks = 64;
    std::uint64_t kept = 0;
    std::size_t place = 0;
    for (std::size_t i = 0; i < std::min(sizes.size(), kMarks); ++i) {
      if (sizes[i] != 0) kept |= (event_->shown_fields >> i & 1) << place++;
    }
    event_->shown_fields = kept;
  }

  void cut_texts(std::size_t most) {
    event_->name = cut(Value(event_->name), most).text();
    const std::size_t size = event_->message.size();
    event_->message = cut(Value(event_->message), most).text();
    // It may have lost the values that it showed.
    if (event_->message.size() != size) event_->shown_fields = 0;
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
      event_->raw_size += kMarkSize;
    }
    publish();
  }

  Event* event_;
  std::vector<Field>& fields_;
  std::vector<std::size_t> parts_;  // sizes of all that can be cut
  std::size_t fixed_ = kEventOverhead;
};

}  // namespace

void shorten_long(Event* event, EventScratch& scratch) {
  Shortener(event, scratch).run();
}

}  // namespace stogger
