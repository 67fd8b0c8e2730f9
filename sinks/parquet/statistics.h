// The statistics of a column chunk, by which readers skip row groups.
#pragma once

#include <cstddef>
#include <string>

#include "sinks/parquet/column_buffer.h"

namespace stogger {

struct ParquetStatistics {
  std::size_t nulls = 0;
  // Values in their PLAIN form, texts without their size. There are none if all
  // is null; nor if a number is NaN, which readers put in different places.
  bool has_range = false;
  std::string least;
  std::string most;
  // Long texts are cut, which leaves limits that no text reaches.
  bool least_is_exact = true;
  bool most_is_exact = true;
  bool has_most = true;  // no text is above some, if they are cut
};

ParquetStatistics statistics_of(const ColumnBuffer& column);

}  // namespace stogger
