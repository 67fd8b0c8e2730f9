// FieldSet: the fields of one event, each key once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/recycle.h"
#include "stogger/value.h"

namespace stogger {

class FieldSet {
 public:
  FieldSet() noexcept = default;
  // Takes that many fields and no more.
  explicit FieldSet(std::size_t most) noexcept : most_(most) {}

  // A later value takes the place of an earlier one under the same key. False
  // if the field was left out.
  bool put(std::string_view key, const Value& value) {
    if (Field* known = find(key)) {
      known->value = value;
      return true;
    }
    return add(key, value);
  }
  // The earlier value stays.
  bool put_new(std::string_view key, const Value& value) {
    return find(key) != nullptr || add(key, value);
  }
  void clear() noexcept;
  // Gives back memory beyond `most` bytes, after which it is empty.
  void recycle(std::size_t most) noexcept {
    recycle_vector(fields_, most);
    recycle_vector(slots_, most);
  }
  std::vector<Field>& fields() noexcept { return fields_; }

 private:
  static constexpr std::size_t kFewFields = 24;

  Field* find(std::string_view key) noexcept {
    if (fields_.size() > kFewFields) return find_indexed(key);
    for (Field& field : fields_) {
      if (field.key == key) return &field;
    }
    return nullptr;
  }
  bool add(std::string_view key, const Value& value) {
    if (fields_.size() >= most_) return false;
    fields_.emplace_back(key, value);
    if (fields_.size() > kFewFields) index_last();
    return true;
  }
  Field* find_indexed(std::string_view key) noexcept;
  void index_last();
  void index_all();

  std::size_t most_ = kMostFields;
  std::vector<Field> fields_;
  // Beyond a few fields: positions in fields_ plus one, by keyed hash of the
  // key, open addressing; a power of two. Empty as long as there are few.
  std::vector<std::uint32_t> slots_;
};

}  // namespace stogger
