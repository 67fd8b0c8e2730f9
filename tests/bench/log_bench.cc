// Compares stogger with other ways to log, and prints a table in Markdown.
//
// Each row is one comparison. Its contenders take turns, round after round, in
// this one process, each round with a fresh file; what is still in memory at
// the end of a round is flushed before the clock stops, and the file must then
// have all lines. A ratio is the median of the ratios of the rounds, a time the
// median of the times. The process's own CPU time is shown besides, because it
// changes less when the machine has other work to do.
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "call_times.h"
#include "contender.h"

namespace bench {
namespace {

struct Settings {
  bool quick = false;
  int rounds = 7;
  std::string rows;
  std::string only;
  std::string folder;
};

enum class Measure { events_per_second, time_per_call };

struct Row {
  std::string what;
  std::string to_reach;  // as the table shows it
  Measure measure;
  std::size_t threads;
  std::size_t count;  // of events in a round
  bool has_lines;     // one in the file for each event
  std::vector<std::function<ContenderPtr()>> contenders;  // stogger first
};

struct Cost {
  double wall_ns;  // of an event
  double cpu_ns;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

double seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) / 1e9;
}

void run_threads(Contender& contender, std::size_t threads, std::size_t count) {
  if (threads == 1) {
    contender.run(count);
    return;
  }
  std::vector<std::thread> running;
  for (std::size_t i = 0; i < threads; ++i) {
    running.emplace_back([&] { contender.run(count / threads); });
  }
  for (std::thread& thread : running) thread.join();
}

void check_lines(const Row& row, const std::string& path) {
  if (!row.has_lines) return;
  std::ifstream file(path);
  const auto lines = std::count(std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>(), '\n');
  if (static_cast<std::size_t>(lines) >= row.count) return;
  std::fprintf(stderr, "log_bench: %s: %zu of %zu lines\n", row.what.c_str(),
               static_cast<std::size_t>(lines), row.count);
  std::exit(1);
}

Cost run_round(const Row& row, Contender& contender, const std::string& path) {
  contender.open(path);
  contender.run(row.threads);  // what is made on first use
  contender.flush();
  const double wall = seconds(CLOCK_MONOTONIC);
  const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  run_threads(contender, row.threads, row.count);
  contender.flush();
  const double scale = 1e9 / static_cast<double>(row.count);
  const Cost cost = {(seconds(CLOCK_MONOTONIC) - wall) * scale,
                     (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * scale};
  contender.close();
  check_lines(row, path);
  return cost;
}

void clear(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::filesystem::remove_all(entry.path());
  }
}

std::vector<ContenderPtr> make_contenders(const Row& row,
                                          const std::string& only) {
  std::vector<ContenderPtr> contenders;
  for (const auto& make : row.contenders) {
    ContenderPtr contender = make();
    if (contender != nullptr && (only.empty() || contender->name() == only)) {
      contenders.push_back(std::move(contender));
    }
  }
  return contenders;
}

double paired_ratio(const Row& row, const std::vector<Cost>& ours,
                    const std::vector<Cost>& theirs, double Cost::*part) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double times = ours[i].*part / theirs[i].*part;
    ratios.push_back(row.measure == Measure::time_per_call ? times : 1 / times);
  }
  return median(ratios);
}

double median_of(const std::vector<Cost>& costs, double Cost::*part) {
  std::vector<double> values;
  for (const Cost& cost : costs) values.push_back(cost.*part);
  return median(values);
}

void run_row(const Row& row, const Settings& settings) {
  const std::vector<ContenderPtr> contenders =
      make_contenders(row, settings.only);
  std::vector<std::vector<Cost>> costs(contenders.size());
  for (int round = 0; round < settings.rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      clear(settings.folder);
      costs[i].push_back(
          run_round(row, *contenders[i], settings.folder + "/bench.log"));
    }
  }
  std::printf("| %s | %s |", row.what.c_str(), row.to_reach.c_str());
  if (contenders.size() > 1) {
    std::printf(" **%.2f** | %.2f |",
                paired_ratio(row, costs[0], costs[1], &Cost::wall_ns),
                paired_ratio(row, costs[0], costs[1], &Cost::cpu_ns));
  } else {
    std::printf(" | |");
  }
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    std::printf("%s %s %.*f", i == 0 ? "" : ",", contenders[i]->name().c_str(),
                row.measure == Measure::time_per_call ? 2 : 0,
                median_of(costs[i], &Cost::wall_ns));
  }
  std::printf(" |\n");
  std::fflush(stdout);
}

void count_allocations(const std::string& what, ContenderPtr contender,
                       const Settings& settings) {
  const std::size_t count = settings.quick ? 100 : 10000;
  clear(settings.folder);
  contender->open(settings.folder + "/bench.log");
  contender->run(1000);  // what is made on first use, and buffers that grow
  contender->flush();
  begin_counting_allocations();
  contender->run(count);
  const std::size_t allocations = end_counting_allocations();
  contender->close();
  std::printf("| %s | %s | %.2f |\n", what.c_str(), contender->name().c_str(),
              static_cast<double>(allocations) / static_cast<double>(count));
}

std::function<ContenderPtr()> files(ContenderPtr (*make)(Format, Flush),
                                    Format format, Flush flush) {
  return [=] { return make(format, flush); };
}

std::vector<std::function<ContenderPtr()>> all_files(Format format,
                                                     Flush flush) {
  return {files(&stogger_file, format, flush),
          files(&spdlog_file, format, flush), files(&boost_file, format, flush),
          files(&glog_file, format, flush)};
}

std::vector<Row> all_rows(bool quick) {
  const auto n = [quick](std::size_t count) {
    return quick ? std::max<std::size_t>(count / 1000, 100) : count;
  };
  constexpr Measure kEvents = Measure::events_per_second;
  constexpr Measure kTime = Measure::time_per_call;
  return {
      {"a call below the level",
       "at most 1.2",
       kTime,
       1,
       n(20000000),
       false,
       {&stogger_below_level, &spdlog_below_level}},
      {"JSON lines in blocks, one thread", "2.5", kEvents, 1, n(200000), true,
       all_files(Format::json, Flush::block)},
      {"JSON lines in blocks, four threads", "2.5", kEvents, 4, n(200000), true,
       all_files(Format::json, Flush::block)},
      {"JSON lines, each with the kernel at once", "1.35", kEvents, 1,
       n(100000), true, all_files(Format::json, Flush::line)},
      {"text lines in blocks", "2", kEvents, 1, n(200000), true,
       all_files(Format::text, Flush::block)},
      {"text lines, each with the kernel at once", "", kEvents, 1, n(100000),
       true, all_files(Format::text, Flush::line)},
      {"text lines in blocks, with a message template",
       "",
       kEvents,
       1,
       n(200000),
       true,
       {&stogger_template, &spdlog_message}},
      {"SQLite, one event per transaction",
       "0.95",
       kEvents,
       1,
       n(10000),
       false,
       {&stogger_sqlite, &sqlite_bare}},
      {"the caller's time in a burst, the other one asynchronous",
       "",
       kEvents,
       1,
       n(50000),
       false,
       {[] { return stogger_file(Format::json, Flush::block); },
        [] { return spdlog_async(false); }}},
      {"JSON lines through a queue, one thread, to the last line",
       "2 (spdlog), 3 (Quill)",
       kEvents,
       1,
       n(500000),
       true,
       {[] { return stogger_queued("async"); },
        [] { return spdlog_async(true); }, &quill_file,
        [] { return stogger_queued("durable"); }}},
      {"JSON lines through a queue, four threads, to the last line",
       "",
       kEvents,
       4,
       n(500000),
       true,
       {[] { return stogger_queued("async"); },
        [] { return spdlog_async(true); }, &quill_file,
        [] { return stogger_queued("durable"); }}},
  };
}

// Of calls that hand an event to a queue.
void time_calls(const Settings& settings) {
  const std::vector<std::function<ContenderPtr()>> contenders = {
      [] { return stogger_queued("async"); },
      [] { return stogger_queued("durable"); }, &quill_file,
      [] { return spdlog_async(true); }};
  const std::size_t count = settings.quick ? 1000 : 2000000;
  const std::vector<CallTimes> all = {
      {"one every microsecond", 1, count, 1},
      {"the same, 3 GB being written to that disk", 1, count, 1,
       !settings.quick},
      {"four threads at full speed", 4, count}};
  print_call_times_head();
  for (const CallTimes& one : all) {
    for (const auto& make : contenders) {
      const ContenderPtr contender = make();
      if (contender == nullptr) continue;
      if (!settings.only.empty() && contender->name() != settings.only)
        continue;
      clear(settings.folder);
      print_call_times(one, *contender, settings.folder);
    }
  }
}

void run(const Settings& settings) {
  std::printf(
      "| what | to reach | ratio | ratio of CPU time | ns per event |\n"
      "|---|---|---|---|---|\n");
  for (const Row& row : all_rows(settings.quick)) {
    if (row.what.find(settings.rows) != std::string::npos) {
      run_row(row, settings);
    }
  }
  const std::string calls = "calls";
  if (calls.find(settings.rows) != std::string::npos) time_calls(settings);
  const std::string allocations = "allocations";
  if (allocations.find(settings.rows) == std::string::npos) return;
  std::printf("\n| allocations per call | by | number |\n|---|---|---|\n");
  const auto json = Format::json;
  const auto block = Flush::block;
  const auto line = Flush::line;
  count_allocations("JSON lines in blocks", stogger_file(json, block),
                    settings);
  count_allocations("JSON lines", stogger_file(json, line), settings);
  count_allocations("text lines", stogger_file(Format::text, line), settings);
  count_allocations("text lines with a template", stogger_template(), settings);
  count_allocations("JSON lines", spdlog_file(json, line), settings);
  count_allocations("SQLite", stogger_sqlite(), settings);
  count_allocations("SQLite", sqlite_bare(), settings);
}

std::string make_folder(const std::string& parent) {
  std::string folder = parent + "/log_bench.XXXXXX";
  if (::mkdtemp(folder.data()) != nullptr) return folder;
  std::fprintf(stderr, "log_bench: cannot make a folder in %s: %s\n",
               parent.c_str(), std::strerror(errno));
  std::exit(1);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Compares stogger with other ways to log.");
  bench::Settings settings;
  std::string parent = std::filesystem::temp_directory_path();
  app.add_flag("--quick", settings.quick, "A few events: only to see it work");
  app.add_option("--rounds", settings.rounds, "How often everybody's turn is")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--rows", settings.rows,
                 "Only the rows with this in their name");
  app.add_option("--only", settings.only, "Only this contender, to profile it");
  app.add_option("--folder", parent, "Where the files go")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (settings.quick) settings.rounds = 1;
  settings.folder = bench::make_folder(parent);
  bench::run(settings);
  std::filesystem::remove_all(settings.folder);
}
