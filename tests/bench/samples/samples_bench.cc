// Compares the sinks for samples with what they could do at best, and prints
// tables in Markdown: files with bytes that are ready, copied and written;
// SQLite and PostgreSQL with bare loops over their libraries. Contenders take
// turns, round after round; a ratio is the median of the ratios of the rounds.
#include "tests/bench/samples/samples_bench.h"

#include <fcntl.h>
#include <malloc.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "tests/support/kept_report.h"
#include "tests/support/temp_folder.h"

namespace bench {

using stogger::Column;
using stogger::Field;
using stogger::RowBatch;
using stogger::Sample;
using stogger::SinkPtr;
using stogger::TempFolder;
using stogger::Time;
using stogger::Value;

namespace {

constexpr std::size_t kFields = 2;
constexpr std::size_t kColumns = 9;
constexpr Column kNames[kColumns] = {
    {"device"},      {"unit_id"},     {"requested_at"},
    {"received_at"}, {"midpoint_at"}, {"latency_s"},
    {"pressure"},    {"flow"},        {"status"}};
constexpr const char* kDevices[] = {"mfc1", "mfc2", "gauge", "heater"};

}  // namespace

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

namespace {

double run(const Turn& turn, std::size_t calls) {
  turn.prepare();
  const double begin = now();
  for (std::size_t i = 0; i < calls; ++i) turn.call();
  return now() - begin;
}

}  // namespace

void require(bool fine, const std::string& what) {
  if (fine) return;
  std::fprintf(stderr, "samples_bench: %s\n", what.c_str());
  std::exit(1);
}

void require(const stogger::Status& status) {
  require(status.ok(), std::string(status.message()));
}

Samples::Samples(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const double phase = static_cast<double>(i) / 100;
    fields_.emplace_back("pressure", 14.7 + std::sin(phase) / 10);
    fields_.emplace_back("flow", 101.3 + std::cos(phase));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Sample sample = (*this)[i];
    Field row[kColumns];
    require(flatten(sample, row) == kColumns, "a sample has other columns");
    for (const Field& field : row) values_.push_back(field.value);
  }
}

Sample Samples::operator[](std::size_t number) const {
  const std::size_t i = number % (fields_.size() / kFields);
  const auto ns = static_cast<std::int64_t>(number) * 10000000;
  Sample sample;
  sample.device = kDevices[number % std::size(kDevices)];
  sample.unit_id = "A";
  sample.requested_at = Time{1795225168656642123 + ns};
  sample.received_at = Time{1795225168657981456 + ns};
  sample.fields = {&fields_[i * kFields], kFields};
  return sample;
}

RowBatch Samples::batch() const {
  RowBatch batch;
  batch.columns = kNames;
  batch.column_count = kColumns;
  batch.values = values_.data();
  batch.row_count = values_.size() / kColumns;
  return batch;
}

void compare(const Settings& settings, const std::string& what, double to_reach,
             double most, std::size_t batch, std::size_t calls,
             const Turn& ours, const Turn& theirs) {
  if (what.find(settings.rows) == std::string::npos) return;
  std::vector<double> our_rates;
  std::vector<double> their_rates;
  std::vector<double> ratios;
  const auto samples = static_cast<double>(batch * calls);
  for (int round = 0; round < settings.rounds; ++round) {
    our_rates.push_back(samples / run(ours, calls));
    their_rates.push_back(samples / run(theirs, calls));
    ratios.push_back(our_rates.back() / their_rates.back());
  }
  char limit[64] = "";
  if (most > 0) std::snprintf(limit, sizeof limit, " or %.0f/s", most);
  std::printf("| %s | %.2f%s | **%.2f** | %.0f | %.0f |\n", what.c_str(),
              to_reach, limit, median(ratios), median(our_rates),
              median(their_rates));
  std::fflush(stdout);
}

namespace {

// ---- Files ------------------------------------------------------------------

constexpr double kEnough = 800000;

std::string file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Copies ready bytes and writes them.
class ReadyBytes {
 public:
  ReadyBytes(std::string bytes, const std::string& path)
      : bytes_(std::move(bytes)),
        copy_(bytes_.size()),
        file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666)) {}
  ~ReadyBytes() { ::close(file_); }
  ReadyBytes(const ReadyBytes&) = delete;
  ReadyBytes& operator=(const ReadyBytes&) = delete;

  void empty() const { require(::ftruncate(file_, 0) == 0, "truncate"); }
  void write() {
    std::memcpy(copy_.data(), bytes_.data(), bytes_.size());
    require(::write(file_, copy_.data(), copy_.size()) ==
                static_cast<ssize_t>(copy_.size()),
            "write");
  }

 private:
  std::string bytes_;
  std::vector<char> copy_;
  int file_;
};

void compare_file(const Settings& settings, const char* type,
                  const char* name) {
  constexpr std::size_t kBatch = 64;
  const TempFolder folder;
  const Samples samples(kBatch);
  const std::string path = folder.file("samples");
  SinkPtr sink;
  const auto begin = [&] {
    require(make_sample_sink(type, {{"path", path}}, &sink));
    require(write_to(*sink, samples.batch()));
  };
  begin();
  const std::size_t header = file_bytes(path).size();
  require(write_to(*sink, samples.batch()));
  ReadyBytes ready(file_bytes(path).substr(header), folder.file("ready"));
  compare(settings, std::string(name) + ", the sink, batches of 64", 0.8,
          kEnough, kBatch, settings.calls(5000),
          {begin, [&] { require(write_to(*sink, samples.batch())); }},
          {[&] { ready.empty(); }, [&] { ready.write(); }});

  // From push() to the file, through the pipe's own thread.
  std::unique_ptr<stogger::Pipe> pipe;
  const std::size_t calls = settings.calls(5000);
  std::size_t done = 0;
  const auto through = [&](stogger::PipeOptions options) -> Turn {
    return {[&, options] {
              pipe.reset();
              begin();
              pipe = std::make_unique<stogger::Pipe>(*sink, options);
              done = 0;
            },
            [&] {
              for (std::size_t i = 0; i < kBatch; ++i) {
                require(pipe->push(samples[i]));
              }
              if (++done == calls) require(pipe->finish());
            }};
  };
  const Turn at_best = {[&] { ready.empty(); }, [&] { ready.write(); }};
  const std::string spool = folder.file("spool");
  constexpr std::size_t kOfQueue = 1000;
  const stogger::PipeOptions async = {.batch_size = kOfQueue,
                                      .delivery = stogger::Delivery::async,
                                      .block_ms = 10000,
                                      .drain_ms = 600000};
  const stogger::PipeOptions durable = {.batch_size = kOfQueue,
                                        .block_ms = 10000,
                                        .spool_dir = spool,
                                        .drain_ms = 600000};
  const std::string title(name);
  compare(settings, title + ", through a pipe", 0.8, kEnough, kBatch, calls,
          through({}), at_best);
  compare(settings, title + ", through an async pipe", 0.8, kEnough, kBatch,
          calls, through(async), at_best);
  compare(settings, title + ", a durable pipe; at best: an async one", 0.8, 0,
          kBatch, calls, through(durable), through(async));
}

// ---- SQLite -----------------------------------------------------------------

class BareSqlite {
 public:
  explicit BareSqlite(const std::string& path) {
    require(sqlite3_open(path.c_str(), &connection_) == SQLITE_OK, "open");
    execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA cache_size=-8192");
    execute(
        "CREATE TABLE IF NOT EXISTS samples (device TEXT, unit_id TEXT, "
        "requested_at TEXT, received_at TEXT, midpoint_at TEXT, latency_s "
        "REAL, pressure REAL, flow REAL, status TEXT)");
    require(sqlite3_prepare_v2(connection_,
                               "INSERT INTO samples VALUES (?,?,?,?,?,?,?,?,?)",
                               -1, &insert_, nullptr) == SQLITE_OK,
            "prepare");
  }
  ~BareSqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(connection_);
  }
  BareSqlite(const BareSqlite&) = delete;
  BareSqlite& operator=(const BareSqlite&) = delete;

  void execute(const char* sql) {
    require(
        sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) == SQLITE_OK,
        sqlite3_errmsg(connection_));
  }

  // Texts of times are ready.
  void write(const RowBatch& rows) {
    static constexpr char kTime[] = "2026-11-21T01:39:28.656642Z";
    execute("BEGIN IMMEDIATE");
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      for (std::size_t i = 0; i < kColumns; ++i) {
        const Value& value = rows.at(row, i);
        const int at = static_cast<int>(i) + 1;
        if (value.kind() == stogger::Kind::real) {
          sqlite3_bind_double(insert_, at, value.real());
        } else if (value.kind() == stogger::Kind::time) {
          sqlite3_bind_text(insert_, at, kTime, sizeof kTime - 1,
                            SQLITE_STATIC);
        } else {
          sqlite3_bind_text(insert_, at, value.text().data(),
                            static_cast<int>(value.text().size()),
                            SQLITE_STATIC);
        }
      }
      require(sqlite3_step(insert_) == SQLITE_DONE, "step");
      sqlite3_reset(insert_);
    }
    execute("COMMIT");
  }

 private:
  sqlite3* connection_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

void compare_sqlite(const Settings& settings) {
  constexpr std::size_t kBatch = 1000;
  const TempFolder folder;
  const Samples samples(kBatch);
  int round = 0;
  SinkPtr sink;
  std::unique_ptr<BareSqlite> bare;
  compare(
      settings, "SQLite, batches of 1,000", 0.9, 0, kBatch, settings.calls(200),
      {[&] {
         bare.reset();
         const std::string path = folder.file("ours" + std::to_string(++round));
         require(make_sample_sink("sqlite", {{"path", path}}, &sink));
       },
       [&] { require(write_to(*sink, samples.batch())); }},
      {[&] {
         sink.reset();
         bare = std::make_unique<BareSqlite>(
             folder.file("bare" + std::to_string(round)));
       },
       [&] { bare->write(samples.batch()); }});
}

// ---- Memory -----------------------------------------------------------------

double resident_megabytes() {
  std::ifstream in("/proc/self/statm");
  double total = 0;
  double resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void measure_memory(const Settings& settings) {
  const std::size_t count = settings.quick ? 1000 : 10000000;
  const Samples samples(1000);
  std::printf(
      "\n| sink | samples | resident after a tenth | at the end |\n"
      "|---|---|---|---|\n");
  const TempFolder folder;
  std::vector<const char*> types = {"csv", "jsonl"};
#ifdef SAMPLES_BENCH_HAS_PARQUET
  types.push_back("parquet");
#endif
  for (const std::string type : types) {
    const std::string path =
        type == "parquet" ? folder.file("samples.parquet") : "/dev/null";
    SinkPtr sink;
    require(make_sample_sink(type, {{"path", path}}, &sink));
    stogger::Pipe pipe(*sink);
    double early = 0;
    for (std::size_t i = 0; i < count; ++i) {
      require(pipe.push(samples[i]));
      if (i == count / 10) early = resident_megabytes();
    }
    const double late = resident_megabytes();
    require(pipe.finish());
    std::printf("| %s | %zu | %.1f MB | %.1f MB |\n", type.c_str(), count,
                early, late);
    sink.reset();
    ::malloc_trim(0);
  }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app(
      "Compares the sinks for samples with what they could do at best.");
  bench::Settings settings;
  app.add_flag("--quick", settings.quick, "A few samples: only to see it work");
  app.add_option("--rounds", settings.rounds, "How often everybody's turn is")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option(
      "--rows", settings.rows,
      "Only the rows with this in their name; not Parquet and memory");
  CLI11_PARSE(app, argc, argv);
  if (settings.quick) settings.rounds = 1;
  std::printf(
      "| what | to reach | ratio | stogger, samples/s | at best, samples/s |\n"
      "|---|---|---|---|---|\n");
  bench::compare_file(settings, "csv", "CSV");
  bench::compare_file(settings, "jsonl", "JSON lines");
  bench::compare_sqlite(settings);
#ifdef SAMPLES_BENCH_HAS_POSTGRES
  bench::compare_postgres(settings);
#endif
#ifdef SAMPLES_BENCH_HAS_PARQUET
  if (settings.has_all_rows()) bench::compare_parquet(settings);
#endif
  if (settings.has_all_rows()) bench::measure_memory(settings);
}
