// What the parts of samples_bench have in common.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "stogger/row.h"
#include "stogger/sample.h"
#include "stogger/status.h"

namespace bench {

struct Settings {
  bool quick = false;
  int rounds = 7;
  std::string rows;  // only those with this in their name

  bool has_all_rows() const { return rows.empty(); }
  std::size_t calls(std::size_t count) const { return quick ? 3 : count; }
};

void require(bool fine, const std::string& what);
void require(const stogger::Status& status);

// Nine columns: the seven of every sample and two that were measured.
class Samples {
 public:
  explicit Samples(std::size_t count);

  stogger::RowBatch batch() const;
  // One of the samples there are, and over again.
  stogger::Sample operator[](std::size_t number) const;

 private:
  std::vector<stogger::Field> fields_;
  std::vector<stogger::Value> values_;
};

// Lets both take turns and prints a row of the table: samples a second of each,
// and the median of the ratios. `most` is what is enough in any case, in
// samples a second; 0 if nothing is.
struct Turn {
  std::function<void()> prepare;
  std::function<void()> call;  // one batch
};
void compare(const Settings& settings, const std::string& what, double to_reach,
             double most, std::size_t batch, std::size_t calls,
             const Turn& ours, const Turn& theirs);

double now();  // seconds, of a clock that only goes forward
double median(std::vector<double> values);

// The file beside that of DuckDB, if STOGGER_PARQUET_JUDGES says where it is.
void compare_parquet(const Settings& settings);

// Against a server of its own; says why if there can be none.
void compare_postgres(const Settings& settings);

}  // namespace bench
