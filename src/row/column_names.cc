#include "row/column_names.h"

#include <algorithm>
#include <charconv>

#include "base/buffer.h"
#include "base/names.h"
#include "base/utf8.h"

namespace stogger {
namespace {

std::string clean_name(std::string_view name) {
  if (is_clean_text(name)) return std::string(name);
  Buffer clean;
  append_clean_text(clean, name);
  return std::string(clean.view());
}

std::string suffix_of(std::size_t number) {
  return "_" + std::to_string(number);
}

std::size_t suffix_size(std::size_t number) noexcept {
  std::size_t size = 2;
  while ((number /= 10) != 0) ++size;
  return size;
}

// The number in a name that may be a numbered one, and where its suffix begins;
// 0 if it is none.
std::size_t number_in(std::string_view name, std::size_t* suffix) noexcept {
  const std::size_t mark = name.rfind('_');
  if (mark == std::string_view::npos) return 0;
  const std::string_view digits = name.substr(mark + 1);
  std::size_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || digits[0] == '0') return 0;
  *suffix = mark;
  return number >= 2 ? number : 0;
}

}  // namespace

ColumnNames::ColumnNames(bool ignore_case, std::size_t longest) noexcept
    : ignore_case_(ignore_case), longest_(longest) {}

void ColumnNames::clear() noexcept {
  names_.clear();
  folded_.clear();
  next_numbers_.clear();
  columns_.clear();
  numbered_.clear();
}

std::string ColumnNames::fold(std::string_view name) const {
  return ignore_case_ ? folded(name) : std::string(name);
}

// So that a suffix of that many bytes fits behind it.
std::string ColumnNames::cut(std::string_view name, std::size_t suffix) const {
  const std::size_t longest = longest_ == 0 ? SIZE_MAX : longest_;
  return std::string(utf8_prefix(name, longest - suffix));
}

bool ColumnNames::has(std::string_view name) const {
  return folded_.find(fold(name)) != folded_.end();
}

// The first that makes the name, which is taken without one, unique. Names that
// are taken stay so, so nothing is tried twice.
std::size_t ColumnNames::free_number(std::string_view name) {
  std::size_t number = 2;
  while (true) {
    const std::string suffix = suffix_of(number);
    const std::string stem = cut(name, suffix.size());
    std::size_t& next = next_numbers_[fold(stem)];
    if (next > number) {
      number = next;
    } else if (!has(stem + suffix)) {
      return number;
    } else {
      next = ++number;
    }
  }
}

const std::string& ColumnNames::add_unique(std::string_view name) {
  const std::string clean = clean_name(name);
  std::string unique = cut(clean, 0);
  if (has(unique)) {
    const std::string suffix = suffix_of(free_number(clean));
    unique = cut(clean, suffix.size()) + suffix;
  }
  add(unique);
  return names_.back();
}

void ColumnNames::add(std::string_view name) {
  const std::size_t column = names_.size();
  names_.emplace_back(name);
  folded_.insert(fold(name));
  columns_.emplace(name, column);
  std::size_t suffix = 0;
  const std::size_t number = number_in(name, &suffix);
  if (number == 0) return;
  numbered_[std::string(name.substr(0, suffix))].push_back({number, column});
}

std::size_t ColumnNames::find_made_of(std::string_view name,
                                      const std::vector<bool>& in_use) {
  const std::string clean = clean_name(name);
  const std::string plain = cut(clean, 0);
  if (!has(plain)) return kNone;
  const auto exact = columns_.find(plain);
  if (exact != columns_.end() && !in_use[exact->second]) return exact->second;
  std::size_t found = kNone;
  std::size_t least = free_number(clean);
  // A longer number may leave less room for the name in front of it.
  const std::size_t longest_suffix = suffix_size(least);
  for (std::size_t suffix = 2; suffix <= longest_suffix; ++suffix) {
    const auto same = numbered_.find(cut(clean, suffix));
    if (same == numbered_.end()) continue;
    for (const Numbered& each : same->second) {
      if (each.number < least && suffix_size(each.number) == suffix &&
          !in_use[each.column]) {
        least = each.number;
        found = each.column;
      }
    }
  }
  return found;
}

}  // namespace stogger
