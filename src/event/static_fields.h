// StaticFields: fields that every event of a system has, the same for all, such
// as the name of the service. They are encoded once, for each form that they go
// into as bytes, so that an event pays for copying those only.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "event/field_record.h"
#include "event/owned_fields.h"
#include "stogger/value.h"

namespace stogger {

class StaticFields {
 public:
  // Keys are clean, no two are equal, and none is_event_key(); values are
  // neither custom nor JSON, and no secrets.
  explicit StaticFields(Fields fields);
  StaticFields(const StaticFields&) = delete;
  StaticFields& operator=(const StaticFields&) = delete;

  Fields fields() const noexcept { return owned_.fields(); }
  bool has(std::string_view key) const noexcept;
  // As Event::raw_size.
  std::size_t raw_size() const noexcept { return raw_size_; }

  // `,"key":value` for each.
  std::string_view json() const noexcept { return json_.view(); }
  // ` key=value` for each.
  std::string_view pairs() const noexcept { return pairs_.view(); }
  // Of a record: see field_record.h.
  std::span<const FieldRecordHead> record_heads() const noexcept {
    return record_heads_;
  }
  std::string_view record_texts() const noexcept {
    return record_texts_.view();
  }

 private:
  OwnedFields owned_;
  std::size_t raw_size_ = 0;
  Buffer json_;
  Buffer pairs_;
  std::vector<FieldRecordHead> record_heads_;
  Buffer record_texts_;
};

// Whether every event has something of its own under that key, which static
// fields may not take: a column, or what caller_info adds.
bool is_event_key(std::string_view key) noexcept;

// What static fields may take together, in bytes of keys and texts.
inline constexpr std::size_t kMostStaticBytes = 16 * 1024;

}  // namespace stogger
