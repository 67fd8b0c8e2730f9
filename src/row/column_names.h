// ColumnNames: the names of the columns of a table. Makes names unique, and
// finds out which column has the name that was made of another one. However
// many names there are and however alike, each takes about the same time.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stogger {

class ColumnNames {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  // `ignore_case`: names that differ only in the case of ASCII letters are
  // equal. `longest`: the most bytes of a name, 0 for any number.
  ColumnNames(bool ignore_case, std::size_t longest) noexcept;

  void clear() noexcept;

  // Adds the name, made valid UTF-8 without NUL and cut; with "_2" appended, or
  // the next number that makes it unique. Returns what was added.
  const std::string& add_unique(std::string_view name);
  // Adds the name of a column that is there already.
  void add(std::string_view name);

  // Among the names that were added, the first that add_unique() could have
  // made of this one, and that is not in use yet. A number counts only if the
  // name is there without it and with all lower ones.
  std::size_t find_made_of(std::string_view name,
                           const std::vector<bool>& in_use);

 private:
  struct Numbered {
    std::size_t number;
    std::size_t column;
  };

  std::string fold(std::string_view name) const;
  std::string cut(std::string_view name, std::size_t suffix) const;
  bool has(std::string_view name) const;
  std::size_t free_number(std::string_view name);

  const bool ignore_case_;
  const std::size_t longest_;
  std::vector<std::string> names_;
  std::set<std::string, std::less<>> folded_;
  // By what stands before the number, folded: the least that may be free.
  std::map<std::string, std::size_t, std::less<>> next_numbers_;
  // By name as it is; and, of those that end in a number, by what stands
  // before it.
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::map<std::string, std::vector<Numbered>, std::less<>> numbered_;
};

}  // namespace stogger
