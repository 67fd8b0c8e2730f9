// A rig of four instruments, each read a hundred times a second by a thread of
// its own, into a SQLite database and a CSV file at once.
//
//   rig [SECONDS]
#include <stogger/chrono.h>
#include <stogger/sample.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::system_clock;

constexpr std::chrono::milliseconds kPeriod(10);
constexpr const char* kDevices[] = {"mfc1", "mfc2", "gauge", "heater"};

// What the instrument would answer.
double reading(std::size_t device, double seconds) {
  return 100.0 + 5.0 * std::sin(seconds + static_cast<double>(device));
}

// Reads one instrument until the end, each time at its turn.
void run_device(std::size_t number, Clock::time_point start,
                Clock::time_point end, const std::vector<stogger::Pipe*>& pipes,
                std::atomic<bool>& failed) {
  const std::string unit_id(1, static_cast<char>('A' + number));
  for (auto turn = start; turn < end && !failed; turn += kPeriod) {
    std::this_thread::sleep_until(turn);
    const Clock::time_point requested_at = Clock::now();
    const double flow = reading(
        number, std::chrono::duration<double>(requested_at - start).count());
    const bool high = flow > 104.5;
    const stogger::Field fields[] = {{"flow", flow}, {"valve_open", !high}};
    for (stogger::Pipe* pipe : pipes) {
      const stogger::Status status =
          pipe->push({.device = kDevices[number],
                      .unit_id = unit_id,
                      .requested_at = stogger::to_time(requested_at),
                      .received_at = stogger::to_time(Clock::now()),
                      .fields = fields,
                      .status = high ? "HIGH" : ""});
      if (!status.ok()) failed = true;
    }
  }
}

void show_progress(const stogger::Pipe& pipe, double seconds) {
  const stogger::PipeSummary so_far = pipe.summary();
  std::printf("\r%6.1f s  %8llu samples written, %llu late, drift %.1f ms ",
              seconds, static_cast<unsigned long long>(so_far.samples_emitted),
              static_cast<unsigned long long>(so_far.samples_late),
              so_far.max_drift_ms);
  std::fflush(stdout);
}

bool check(const stogger::Status& status) {
  if (status.ok()) return true;
  const std::string message(status.message());
  std::fprintf(stderr, "rig: %s\n", message.c_str());
  return false;
}

bool finish(const char* name, stogger::Pipe& pipe, stogger::Sink& sink) {
  stogger::PipeSummary summary;
  const bool written = check(pipe.finish(&summary));
  const bool closed = check(sink.close());
  std::printf(
      "%-8s %llu samples in %.1f s, %llu lost\n", name,
      static_cast<unsigned long long>(summary.samples_emitted),
      static_cast<double>(summary.finished_at.ns - summary.started_at.ns) / 1e9,
      static_cast<unsigned long long>(summary.samples_lost));
  return written && closed;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 10.0;

  stogger::SinkPtr database;
  stogger::SinkPtr table;
  if (!check(stogger::make_sample_sink("sqlite", {{"path", "rig.db"}},
                                       &database)) ||
      !check(stogger::make_sample_sink("csv", {{"path", "rig.csv"}}, &table))) {
    return 1;
  }
  const stogger::PipeOptions options{.flush_interval_s = 0.5, .period_s = 0.01};
  stogger::Pipe to_database(*database, options);
  stogger::Pipe to_table(*table, options);

  std::atomic<bool> failed{false};
  const Clock::time_point start = Clock::now();
  const auto length = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(seconds));
  std::vector<std::thread> devices;
  for (std::size_t i = 0; i < std::size(kDevices); ++i) {
    devices.emplace_back([&, i] {
      run_device(i, start, start + length, {&to_database, &to_table}, failed);
    });
  }
  const bool live = ::isatty(1) == 1;
  while (live && !failed && Clock::now() < start + length) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    show_progress(to_database,
                  std::chrono::duration<double>(Clock::now() - start).count());
  }
  for (std::thread& device : devices) device.join();
  if (live) std::printf("\n");

  const bool database_fine = finish("rig.db", to_database, *database);
  const bool table_fine = finish("rig.csv", to_table, *table);
  return database_fine && table_fine ? 0 : 1;
}
