// NamePattern: a name, or with a * at its end all names that begin so.
#pragma once

#include <string>
#include <string_view>

namespace stogger {

class NamePattern {
 public:
  explicit NamePattern(std::string_view pattern)
      : name_(pattern.substr(0, pattern.size() - pattern.ends_with('*'))),
        is_prefix_(pattern.ends_with('*')) {}

  bool matches(std::string_view name) const noexcept {
    return is_prefix_ ? name.starts_with(name_) : name == name_;
  }
  bool operator==(const NamePattern&) const = default;
  std::string text() const { return is_prefix_ ? name_ + '*' : name_; }

 private:
  std::string name_;
  bool is_prefix_;
};

// What is wrong with a pattern; empty if nothing is.
inline std::string_view wrong_pattern(std::string_view pattern) noexcept {
  if (pattern.empty()) return "is empty; * alone stands for all";
  if (pattern.find('*') < pattern.size() - 1) {
    return "has a * that is not at its end";
  }
  return {};
}

}  // namespace stogger
