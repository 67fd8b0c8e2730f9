#include "event/field_set.h"

#include "base/keyed_hash.h"

namespace stogger {
void FieldSet::clear() noexcept {
  fields_.clear();
  slots_.clear();
}

Field* FieldSet::find_indexed(std::string_view key) noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = process_hash(key) & mask; slots_[slot] != 0;
       slot = (slot + 1) & mask) {
    Field& field = fields_[slots_[slot] - 1];
    if (field.key == key) return &field;
  }
  return nullptr;
}

void FieldSet::index_all() {
  std::size_t size = 1;
  while (size < fields_.size() * 4) size *= 2;
  slots_.assign(size, 0);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    std::size_t slot = process_hash(fields_[i].key);
    while (slots_[slot & (size - 1)] != 0) ++slot;
    slots_[slot & (size - 1)] = static_cast<std::uint32_t>(i + 1);
  }
}

void FieldSet::index_last() {
  // At most half of the slots are taken.
  if (slots_.size() < fields_.size() * 2) {
    index_all();
    return;
  }
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = process_hash(fields_.back().key) & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = static_cast<std::uint32_t>(fields_.size());
}

}  // namespace stogger
