// OwnedValue: a Value that keeps its text.
#pragma once

#include <string>

#include "stogger/value.h"

namespace stogger {

class OwnedValue {
 public:
  OwnedValue() = default;
  // One of a user's type is null here: see ValueCapture.
  explicit OwnedValue(const Value& value);

  Kind kind() const noexcept { return plain_.kind(); }
  // Of text and JSON; empty for all others.
  const std::string& text() const noexcept { return text_; }
  // A view into this object.
  Value view() const noexcept;

 private:
  std::string text_;
  Value plain_;  // of text and JSON the kind alone
};

}  // namespace stogger
