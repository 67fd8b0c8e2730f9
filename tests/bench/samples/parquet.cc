// The parquet sink: samples a second, and the size of the file beside that of
// DuckDB writing the same rows.
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/bench/samples/samples_bench.h"
#include "tests/support/kept_report.h"
#include "tests/support/temp_folder.h"

namespace bench {
namespace {

constexpr std::size_t kBatch = 1000;

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) / 1e9;
}

// Seconds of wall and of CPU.
std::pair<double, double> write_all(const Samples& samples,
                                    const std::string& path) {
  stogger::SinkPtr sink;
  require(make_sample_sink("parquet", {{"path", path}, {"mode", "truncate"}},
                           &sink));
  const stogger::RowBatch all = samples.batch();
  const double begin = now();
  const double cpu = cpu_seconds();
  for (std::size_t row = 0; row < all.row_count; row += kBatch) {
    stogger::RowBatch batch = all;
    batch.values += row * all.column_count;
    batch.row_count = std::min(kBatch, all.row_count - row);
    require(write_to(*sink, batch));
  }
  require(sink->close());
  return {now() - begin, cpu_seconds() - cpu};
}

// Seconds that DuckDB takes to write the rows of one file to another, with one
// thread; what it reads is in its memory by then.
double copy_by_duckdb(const std::string& from, const std::string& to) {
  const std::string folder = std::getenv("STOGGER_PARQUET_JUDGES");
  const std::string command = "cd '" + folder + "' && cp '" +
                              SAMPLES_BENCH_FOLDER
                              "/duckdb_copy.mjs' . && "
                              "node duckdb_copy.mjs '" +
                              from + "' '" + to + "'";
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  require(pipe != nullptr, "popen");
  double seconds = 0;
  const int count = std::fscanf(pipe, "%lf", &seconds);
  require(::pclose(pipe) == 0 && count == 1, "DuckDB failed");
  return seconds;
}

}  // namespace

void compare_parquet(const Settings& settings) {
  const stogger::TempFolder folder;
  const Samples samples(settings.quick ? 2000 : 500000);
  const auto rows = static_cast<double>(samples.batch().row_count);
  const std::string path = folder.file("ours.parquet");
  const std::string other = folder.file("duckdb.parquet");
  const bool has_duckdb = std::getenv("STOGGER_PARQUET_JUDGES") != nullptr;

  std::vector<double> rates;
  std::vector<double> cpu_rates;
  std::vector<double> other_rates;
  for (int round = 0; round < settings.rounds; ++round) {
    const auto [wall, cpu] = write_all(samples, path);
    rates.push_back(rows / wall);
    cpu_rates.push_back(rows / cpu);
    if (has_duckdb) other_rates.push_back(rows / copy_by_duckdb(path, other));
  }
  std::printf(
      "\n| Parquet, zstd | to reach | stogger | DuckDB, one thread |\n"
      "|---|---|---|---|\n");
  const double size = static_cast<double>(std::filesystem::file_size(path));
  if (has_duckdb) {
    const double other_size =
        static_cast<double>(std::filesystem::file_size(other));
    std::printf(
        "| bytes of a sample | at most 1.05 | %.2f (**%.2f**) | %.2f |\n",
        size / rows, size / other_size, other_size / rows);
    std::printf("| samples a second | 1000000 | **%.0f** | %.0f |\n",
                median(rates), median(other_rates));
  } else {
    std::printf("| bytes of a sample | at most 1.05 | %.2f | (not here) |\n",
                size / rows);
    std::printf("| samples a second | 1000000 | **%.0f** | (not here) |\n",
                median(rates));
    std::fprintf(stderr,
                 "samples_bench: no DuckDB: STOGGER_PARQUET_JUDGES is not set; "
                 "see tests/run.sh\n");
  }
  std::printf("| samples a second of CPU time | | %.0f | |\n",
              median(cpu_rates));
  std::fflush(stdout);
}

}  // namespace bench
