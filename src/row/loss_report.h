// LossReport: reports once, for each name, that values were left out.
//
// Names come from the program's data: of whoever makes new ones for ever, the
// first thousand are reported, in all its life.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/value.h"

namespace stogger {

class LossReport {
 public:
  static constexpr std::size_t kMostReported = 1000;

  // There is no column of that name.
  void add_unknown(std::string_view name);
  // The column, which holds values of one kind, did not take one of another.
  void add_misfit(std::string_view name, Kind column, Kind value);
  // The target did not take a value of the column.
  void add_misfit(std::string_view name);

  // The first batch had more columns than a table takes: `first` is the first
  // of those that were left out.
  void add_excess(std::string_view first, std::size_t columns,
                  std::size_t most);

  bool is_empty() const noexcept {
    return unknown_.empty() && misfits_.empty();
  }
  // All that was added for the first time since the last call, for
  // WriteReport::notice(); empty if there is nothing.
  std::string take();

 private:
  bool is_new(std::string_view name) const;
  void add(std::string_view name, const std::string& loss);

  std::set<std::string, std::less<>> reported_;
  std::vector<std::string> unknown_;
  std::string misfits_;
  bool has_reported_excess_ = false;
};

}  // namespace stogger
