// OwnedFields: a name and fields copied out of the caller's memory, for loggers
// and scopes that outlive the call. Immutable once made.
#pragma once

#include <string_view>
#include <vector>

#include "base/arena.h"
#include "stogger/value.h"

namespace stogger {

class OwnedFields {
 public:
  // `inherited` come before `fields`; of equal keys the later one stays.
  OwnedFields(std::string_view name, Fields inherited, Fields fields);

  std::string_view name() const noexcept { return name_; }
  Fields fields() const noexcept { return fields_; }
  bool empty() const noexcept { return fields_.empty(); }

 private:
  Arena arena_;
  std::string_view name_;
  std::vector<Field> fields_;
};

// A copy of a value, its text in the arena, custom ones written out.
Value own_value(const Value& value, Arena& arena);

}  // namespace stogger
