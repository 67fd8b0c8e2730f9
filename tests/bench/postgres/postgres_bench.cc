// Compares the postgres sink with bare loops over libpq, and prints a table in
// Markdown. A server of its own, with the settings of a fresh installation;
// everybody writes to the same table with the same indexes, emptied before
// each round, over one connection by Unix socket. The bare loops send bytes
// that were made before the clock runs, but for the time of an event; that of
// single events is run a second time making its rows from the fields, as ours
// has to.
// Contenders take turns, round after round; a ratio is the median of the ratios
// of the rounds.
//
// The client has the first CPU, and the server the others. Left alone, the
// scheduler moves them together and apart as it likes, and an insert takes four
// times as long apart: that would be all there is to see. With --one-cpu, both
// have the first, where what the client does counts most.
#include <sched.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/buffer.h"
#include "sinks/postgres/column.h"
#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "stogger/sink.h"
#include "stogger/system.h"
#include "tests/bench/contender.h"
#include "tests/bench/postgres/libpq.h"
#include "tests/postgres/event_encoder.h"
#include "tests/postgres/server.h"
#include "tests/support/kept_report.h"
#include "tests/support/temp_folder.h"

namespace bench {
namespace {

using stogger::Buffer;
using stogger::Column;
using stogger::EventEncoder;
using stogger::Json;
using stogger::Kind;
using stogger::PostgresServer;
using stogger::RowBatch;
using stogger::RowEncoder;
using stogger::Status;
using stogger::Value;

constexpr std::size_t kBatch = 1000;
constexpr int kTurns = 20;
constexpr std::size_t kThreads = 4;

struct Settings {
  bool quick = false;
  bool queue_only = false;
  bool one_cpu = false;
  int rounds = 7;
};

// For this process and those it starts.
void stay_on_cpus(unsigned first, unsigned last) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (unsigned cpu = first; cpu <= last; ++cpu) CPU_SET(cpu, &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
}

double seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void require(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "postgres_bench: %s\n", what);
  std::exit(1);
}

void require(const Status& status) {
  require(status.ok(), std::string(status.message()).c_str());
}

constexpr char kDataFormat[] = R"({"user_id":%d,"ip":"%s","duration_ms":%.9g})";

// A thousand log events as the rows of a table.
class Rows {
 public:
  Rows() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      const Login& login = bench::login(i);
      char text[128];
      std::snprintf(text, sizeof text, kDataFormat, login.user_id,
                    login.ip.c_str(), login.duration_ms);
      data_.emplace_back(text);
    }
    for (std::size_t i = 0; i < kBatch; ++i) {
      const auto ns = static_cast<std::int64_t>(i) * 1000000;
      for (const Value& value :
           {Value(stogger::Time{1795225168656642000 + ns}), Value("info"),
            Value("user-login"), Value("operator()"), Value(nullptr),
            Value(Json{data_[i]})}) {
        values_.push_back(value);
      }
    }
  }

  RowBatch batch() const {
    RowBatch batch;
    batch.columns = kColumns.data();
    batch.column_count = kColumns.size();
    batch.values = values_.data();
    batch.row_count = kBatch;
    return batch;
  }

 private:
  static constexpr std::array<Column, 6> kColumns = {{{"timestamp", Kind::time},
                                                      {"level", Kind::text},
                                                      {"event", Kind::text},
                                                      {"func", Kind::text},
                                                      {"scope", Kind::text},
                                                      {"data", Kind::json}}};
  std::vector<std::string> data_;
  std::vector<Value> values_;
};

void encode(RowEncoder& encoder, const RowBatch& rows, Buffer* out) {
  out->clear();
  RowEncoder::append_copy_header(out);
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    require(encoder.encode(rows, row));
    encoder.append_tuple(out);
  }
  RowEncoder::append_copy_trailer(out);
}

// ---- What is compared -------------------------------------------------------

void prepare_insert(Libpq& libpq) {
  const std::array<Oid, 6> types = {1184, 25, 25, 25, 25, 3802};
  libpq.finish(
      PQprepare(libpq.connection(), "insert",
                "INSERT INTO stogger_logs (\"timestamp\",level,event,func,"
                "scope,data) VALUES ($1,$2,$3,$4,$5,$6)",
                static_cast<int>(types.size()), types.data()),
      PGRES_COMMAND_OK);
}

void insert(Libpq& libpq, const char* const* values, const int* lengths) {
  constexpr std::array<int, 6> kBinary = {1, 1, 1, 1, 1, 1};
  libpq.finish(PQexecPrepared(libpq.connection(), "insert", 6, values, lengths,
                              kBinary.data(), 1),
               PGRES_COMMAND_OK);
}

constexpr char kCopy[] =
    "COPY stogger_logs (\"timestamp\",level,event,func,scope,data) FROM STDIN "
    "(FORMAT binary)";

// As the parameter of a timestamptz.
void write_time_of_now(char* out) {
  constexpr std::int64_t kEpoch = 946684800000000;  // 2000, in us since 1970
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  auto microseconds = static_cast<std::uint64_t>(now.tv_sec * 1000000 +
                                                 now.tv_nsec / 1000 - kEpoch);
  for (std::size_t i = 8; i-- > 0; microseconds >>= 8) {
    out[i] = static_cast<char>(microseconds & 0xFF);
  }
}

// Makes the row from the fields of an event, as a loop by hand would.
void insert_login(Libpq& connection, std::size_t number) {
  const Login& login = bench::login(number);
  char time[8];
  write_time_of_now(time);
  char data[128] = "\1";  // the version of jsonb
  const int size =
      1 + std::snprintf(data + 1, sizeof data - 1, kDataFormat, login.user_id,
                        login.ip.c_str(), login.duration_ms);
  const std::array<const char*, 6> values = {
      time, "info", "user-login", "operator()", nullptr, data};
  const std::array<int, 6> lengths = {8, 4, 10, 10, 0, size};
  insert(connection, values.data(), lengths.data());
}

// Parameters of inserts, made beforehand.
class Parameters {
 public:
  explicit Parameters(const RowBatch& rows) {
    EventEncoder encoder(stogger::standard_columns());
    encoder.match(rows);
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      require(encoder.encode(rows, row));
      Set& set = sets_.emplace_back();
      for (std::size_t i = 0; i < 6; ++i) {
        const char* value = encoder.parameter_values()[i];
        const int length = encoder.parameter_lengths()[i];
        set.lengths[i] = length;
        set.is_null[i] = value == nullptr;
        if (value != nullptr) {
          set.bytes[i].assign(value, static_cast<std::size_t>(length));
        }
      }
    }
    for (Set& set : sets_) {
      for (std::size_t i = 0; i < 6; ++i) {
        set.values[i] = set.is_null[i] ? nullptr : set.bytes[i].data();
      }
    }
  }
  // With the time of now, for that is what an index of times will have to take.
  void send(Libpq& connection, std::size_t number) {
    Set& set = sets_[number % sets_.size()];
    write_time_of_now(set.bytes[0].data());
    insert(connection, set.values.data(), set.lengths.data());
  }

 private:
  struct Set {
    std::array<std::string, 6> bytes;
    std::array<bool, 6> is_null;
    std::array<const char*, 6> values;
    std::array<int, 6> lengths;
  };
  std::vector<Set> sets_;
};

// ---- Measuring --------------------------------------------------------------

struct Cost {
  double wall = 0;  // seconds of an event
  double cpu = 0;   // of the calling thread
  std::vector<double> calls;

  Cost& operator+=(const Cost& other) {
    wall += other.wall;
    cpu += other.cpu;
    calls.insert(calls.end(), other.calls.begin(), other.calls.end());
    return *this;
  }
};

Cost measure(std::size_t calls, std::size_t events_a_call,
             const std::function<void(std::size_t)>& call) {
  Cost cost;
  cost.calls.reserve(calls);
  const double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
  for (std::size_t i = 0; i < calls; ++i) {
    const double begin = seconds(CLOCK_MONOTONIC);
    call(i);
    cost.calls.push_back(seconds(CLOCK_MONOTONIC) - begin);
    cost.wall += cost.calls.back();
  }
  const auto events = static_cast<double>(calls * events_a_call);
  cost.cpu = (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) / events;
  cost.wall /= events;
  return cost;
}

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(
      static_cast<double>(values.size() - 1) * part)];
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void print(const char* what, const char* to_reach,
           const std::vector<Cost>& ours, const std::vector<Cost>& theirs,
           std::size_t events_a_call) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    ratios.push_back(theirs[i].wall / ours[i].wall);
  }
  const auto shown = [&](const std::vector<Cost>& costs) {
    std::vector<double> wall;
    std::vector<double> all;
    for (const Cost& cost : costs) {
      wall.push_back(static_cast<double>(events_a_call * cost.calls.size()) /
                     total(cost.calls));
      all.insert(all.end(), cost.calls.begin(), cost.calls.end());
    }
    char text[128];
    if (costs.front().calls.size() == 1) {
      std::snprintf(text, sizeof text, "%.0f events/s", median(wall));
      return std::string(text);
    }
    std::snprintf(text, sizeof text, "%.0f events/s, p50 %.0f us, p99 %.0f us",
                  median(wall), percentile(all, 0.5) * 1e6,
                  percentile(all, 0.99) * 1e6);
    return std::string(text) + (events_a_call == 1 ? "" : " a batch");
  };
  std::printf("| %s | %s | **%.2f** | %s | %s |\n", what, to_reach,
              median(ratios), shown(ours).c_str(), shown(theirs).c_str());
  std::fflush(stdout);
}

class Bench {
 public:
  explicit Bench(const Settings& settings)
      : settings_(settings), dsn_(server_.socket_dsn()) {
    stay_on_cpus(0, 0);
  }

  void run() {
    std::printf(
        "| what | to reach | ratio | stogger | bare libpq |\n"
        "|---|---|---|---|---|\n");
    if (settings_.queue_only) return compare_queue();
    compare_inserts("on");
    compare_inserts("off");
    compare_batches();
    compare_ledger();
    compare_queue();
    std::printf("\n| what | to reach | |\n|---|---|---|\n");
    measure_cpu();
    measure_breaker();
  }

 private:
  std::size_t calls(std::size_t count) const {
    return settings_.quick ? 10 : count;
  }
  void empty_table() const {
    server_.execute("TRUNCATE stogger_logs; CHECKPOINT");
  }

  void compare_inserts(const char* commit) {
    stogger::System system;
    stogger::SinkPtr sink;
    require(stogger::make_sink(
        "postgres", {{"dsn", dsn_}, {"synchronous_commit", commit}}, &sink));
    require(system.add_sink("postgres", std::move(sink)));
    const stogger::Logger log = system.logger();
    Libpq libpq(dsn_);
    libpq.execute(std::string("SET synchronous_commit=") + commit);
    prepare_insert(libpq);
    Parameters parameters(rows_.batch());

    std::vector<Cost> ours;
    std::vector<Cost> making;
    std::vector<Cost> ready;
    const std::size_t count = calls(100);
    for (int round = 0; round < settings_.rounds; ++round) {
      empty_table();
      Cost& our = ours.emplace_back();
      Cost& their = making.emplace_back();
      Cost& least = ready.emplace_back();
      // In short turns: where the scheduler puts a client and its server
      // matters as much as what they do.
      for (int turn = 0; turn < kTurns; ++turn) {
        our += measure(count, 1, [&](std::size_t i) {
          const Login& login = bench::login(i);
          log.info("user-login", {{"user_id", login.user_id},
                                  {"ip", login.ip},
                                  {"duration_ms", login.duration_ms}});
        });
        their +=
            measure(count, 1, [&](std::size_t i) { insert_login(libpq, i); });
        least += measure(count, 1,
                         [&](std::size_t i) { parameters.send(libpq, i); });
      }
      require(server_.number("SELECT count(*) FROM stogger_logs") ==
                  static_cast<long long>(3 * kTurns * count),
              "rows are missing");
    }
    const std::string what =
        std::string("one event, synchronous_commit ") + commit;
    print(what.c_str(), "0.95", ours, making, 1);
    print((what + "; bare: bytes made before").c_str(), "0.95", ours, ready, 1);
  }

  void compare_batches() {
    stogger::SinkPtr sink;
    require(stogger::make_sink("postgres", {{"dsn", dsn_}}, &sink));
    require(sink->open());
    Libpq libpq(dsn_);
    EventEncoder encoder(stogger::standard_columns());
    const RowBatch rows = rows_.batch();
    encoder.match(rows);
    Buffer bytes;
    encode(encoder, rows, &bytes);

    std::vector<Cost> ours;
    std::vector<Cost> theirs;
    for (int round = 0; round < settings_.rounds; ++round) {
      empty_table();
      ours.push_back(measure(calls(50), kBatch, [&](std::size_t) {
        require(write_to(*sink, rows));
      }));
      empty_table();
      theirs.push_back(measure(calls(50), kBatch, [&](std::size_t) {
        libpq.copy(kCopy, bytes.view());
      }));
    }
    print("1,000 rows, COPY", "0.9", ours, theirs, kBatch);
    for (const Cost& cost : ours) batch_cpu_.push_back(cost.cpu);
    require(sink->close());
  }

  // Ours against ours: batches of a queue, whose transactions move a ledger.
  void compare_ledger() {
    stogger::SinkPtr sink;
    require(stogger::make_sink("postgres", {{"dsn", dsn_}}, &sink));
    require(sink->open());
    RowBatch rows = rows_.batch();
    std::vector<std::uint64_t> positions(kBatch);
    std::iota(positions.begin(), positions.end(), 0);
    stogger::RowOrigin origin;
    origin.positions = positions.data();

    std::vector<Cost> with;
    std::vector<Cost> without;
    for (int round = 0; round < settings_.rounds; ++round) {
      empty_table();
      Cost& queued = with.emplace_back();
      Cost& plain = without.emplace_back();
      for (int turn = 0; turn < kTurns; ++turn) {
        rows.origin = &origin;
        queued += measure(calls(3), kBatch, [&](std::size_t) {
          require(write_to(*sink, rows));
          for (std::uint64_t& position : positions) position += kBatch;
        });
        rows.origin = nullptr;
        plain += measure(calls(3), kBatch,
                         [&](std::size_t) { require(write_to(*sink, rows)); });
      }
    }
    print("1,000 rows of a queue, COPY; bare: ours without a ledger", "0.95",
          with, without, kBatch);
    require(sink->close());
  }

  std::string queue_configuration() const {
    return "[stogger]\nlog_to_console = false\n[stogger.sinks.db]\n"
           "type = \"postgres\"\ndelivery = \"durable\"\nblock_ms = 10000\n"
           "drain_ms = 0\nstart_wait_ms = 100\ndsn = \"" +
           dsn_ + "\"\nspool_dir = \"" + folder_.file("spool") + "\"\n";
  }
  void load_queue(stogger::System& system) const {
    require(system.load_text(queue_configuration(), "postgres_bench"));
  }
  // By four threads at full speed.
  static void log_all(const stogger::System& system, std::size_t events) {
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, log = system.logger()] {
        for (std::size_t i = 0; i < events / kThreads; ++i) {
          const Login& login = bench::login(i);
          log.info("user-login", {{"user_id", login.user_id},
                                  {"ip", login.ip},
                                  {"duration_ms", login.duration_ms}});
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  void require_rows(std::size_t events) const {
    require(server_.number("SELECT count(*) FROM stogger_logs") ==
                static_cast<long long>(events),
            "rows are missing");
  }

  // From the first call of four threads to the last commit, and the same for
  // what was left on the disk; bare: bytes made before, and a ledger.
  void compare_queue() {
    const std::size_t events = settings_.quick ? 4 * kBatch : 200 * kBatch;
    {
      stogger::SinkPtr sink;  // makes the table
      require(stogger::make_sink("postgres", {{"dsn", dsn_}}, &sink));
      require(sink->open());
    }
    server_.execute(
        "CREATE TABLE bare_ledger (queue int, position bigint);"
        "INSERT INTO bare_ledger VALUES (1, 0)");
    EventEncoder encoder(stogger::standard_columns());
    const RowBatch rows = rows_.batch();
    encoder.match(rows);
    Buffer bytes;
    encode(encoder, rows, &bytes);

    std::vector<Cost> queued;
    std::vector<Cost> replayed;
    std::vector<Cost> bare;
    for (int round = 0; round < settings_.rounds; ++round) {
      empty_table();
      {
        stogger::System system;
        load_queue(system);
        queued.push_back(measure(1, events, [&](std::size_t) {
          log_all(system, events);
          require(system.flush(600));
        }));
      }
      require_rows(events);
      leave(events);
      empty_table();
      {
        stogger::System system;
        replayed.push_back(measure(1, events, [&](std::size_t) {
          load_queue(system);
          const std::string folder = folder_.file("spool/db");
          while (count_in(folder) > 1) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }));
      }
      require_rows(events);
      empty_table();
      Libpq libpq(dsn_);
      bare.push_back(measure(1, events, [&](std::size_t) {
        for (std::size_t i = 0; i < events / kBatch; ++i) {
          libpq.copy(
              (std::string("UPDATE bare_ledger SET position = position + 1000 "
                           "WHERE queue = 1;") +
               kCopy)
                  .c_str(),
              bytes.view());
        }
      }));
    }
    print("durable, four threads, from the call to the commit", "0.85", queued,
          bare, events);
    print("durable, what was left by another process", "0.85", replayed, bare,
          events);
  }
  // Events stay on the disk, for there is no server.
  void leave(std::size_t events) {
    stogger::set_diagnostics([](std::string_view, void*) {}, nullptr);
    server_.stop();
    {
      stogger::System system;
      load_queue(system);
      log_all(system, events);
      static_cast<void>(system.close());
    }
    server_.start();
    stogger::set_diagnostics(nullptr);
  }
  static std::size_t count_in(const std::string& folder) {
    const std::filesystem::directory_iterator all(folder);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  void measure_cpu() {
    EventEncoder encoder(stogger::standard_columns());
    const RowBatch rows = rows_.batch();
    encoder.match(rows);
    Buffer bytes;
    std::vector<double> encoding;
    for (int round = 0; round < settings_.rounds; ++round) {
      encoding.push_back(measure(calls(200), kBatch, [&](std::size_t) {
                           encode(encoder, rows, &bytes);
                         }).cpu);
    }
    std::printf(
        "| the caller's CPU time for an event of a batch, less that of "
        "encoding it | at most 1 us | %.2f us (%.2f - %.2f) |\n",
        (median(batch_cpu_) - median(encoding)) * 1e6, median(batch_cpu_) * 1e6,
        median(encoding) * 1e6);
  }

  void measure_breaker() {
    stogger::set_diagnostics([](std::string_view, void*) {}, nullptr);
    stogger::System system;
    stogger::SinkPtr sink;
    require(stogger::make_sink("postgres", {{"dsn", dsn_}}, &sink));
    require(system.add_sink("postgres", std::move(sink)));
    const stogger::Logger log = system.logger();
    server_.stop();
    log.info("finds out");
    std::vector<double> times;
    for (int round = 0; round < settings_.rounds; ++round) {
      const std::size_t count = calls(100000);
      const double begin = seconds(CLOCK_MONOTONIC);
      for (std::size_t i = 0; i < count; ++i) {
        const Login& login = bench::login(i);
        log.info("user-login", {{"user_id", login.user_id},
                                {"ip", login.ip},
                                {"duration_ms", login.duration_ms}});
      }
      times.push_back((seconds(CLOCK_MONOTONIC) - begin) /
                      static_cast<double>(count));
    }
    std::printf(
        "| a call while the server is down | at most 200 ns | %.0f ns |\n",
        median(times) * 1e9);
    stogger::set_diagnostics(nullptr);
  }

  const Settings settings_;
  // The tests' servers are set to be quick instead.
  PostgresServer server_{PostgresServer::Plan{
      .settings = {"fsync = on", "full_page_writes = on",
                   "shared_buffers = 128MB", "min_wal_size = 80MB",
                   "max_wal_size = 1GB"}}};
  const std::string dsn_;
  const stogger::TempFolder folder_;
  const Rows rows_;
  std::vector<double> batch_cpu_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Compares the postgres sink with bare loops over libpq.");
  bench::Settings settings;
  app.add_flag("--quick", settings.quick, "A few events: only to see it work");
  app.add_flag("--queue", settings.queue_only,
               "Only what goes through a queue on disk");
  app.add_flag("--one-cpu", settings.one_cpu,
               "The server has to share the CPU of the client");
  app.add_option("--rounds", settings.rounds, "How often everybody's turn is")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (const std::string why = stogger::PostgresServer::why_not();
      !why.empty()) {
    std::fprintf(stderr, "postgres_bench: skipped: %s\n", why.c_str());
    return 77;
  }
  if (settings.quick) settings.rounds = 1;
  const unsigned cpus = std::thread::hardware_concurrency();
  if (settings.one_cpu || cpus < 2) {
    bench::stay_on_cpus(0, 0);
  } else {
    bench::stay_on_cpus(1, cpus - 1);
  }
  bench::Bench(settings).run();
}
