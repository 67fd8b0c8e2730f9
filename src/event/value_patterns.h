// ValuePatterns: regular expressions whose matches in texts are secrets. RE2
// searches, in time that grows with the text only, and keeps to its memory.
// Without RE2 in the build there are none.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"

namespace stogger {

class ValuePatterns {
 public:
  static constexpr std::size_t kMost = 32;
  // What the searches of a pattern may have before them in one text, all
  // together: each match begins another one, and may have been looked for up to
  // the end. Of a text with more matches, the rest is taken for one.
  static constexpr std::size_t kMostSearched = std::size_t{16} * 1024 * 1024;

  static bool is_built_in() noexcept;
  // What RE2 says; empty if it takes the pattern.
  static std::string why_wrong(const std::string& pattern);

  // Patterns that are right.
  explicit ValuePatterns(std::vector<std::string> patterns);
  ~ValuePatterns();
  ValuePatterns(const ValuePatterns&) = delete;
  ValuePatterns& operator=(const ValuePatterns&) = delete;

  // Whether one of them matches a part of the text, which is valid and has no
  // NUL. These two may throw std::bad_alloc.
  bool match(std::string_view text) const;
  // Adds the text with `replacement` in the place of all that one of them
  // matches. What matches touch or share becomes one.
  void append_clean(Buffer& out, std::string_view text,
                    std::string_view replacement) const;

  // In a child after fork(): another thread may have held a lock of RE2.
  void after_fork_in_child() noexcept;

 private:
  struct Compiled;
  const Compiled& compiled() const;

  std::vector<std::string> patterns_;
  mutable std::atomic<Compiled*> compiled_{nullptr};
};

}  // namespace stogger
