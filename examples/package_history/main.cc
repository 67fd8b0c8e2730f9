// The history of a Debian machine as data: every line of a dpkg log becomes an
// event in JSON lines and in SQLite, and SQL sums it up. The console has
// warnings and what could not be understood.
//
//   package_history /var/log/dpkg.log FOLDER
#include <sqlite3.h>
#include <stogger/system.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

namespace {

// --- Reading -----------------------------------------------------------------

// "2026-11-21 02:36:25", in the time zone of this machine.
bool parse_time(const std::string& day, const std::string& time,
                stogger::Time* result) {
  std::tm parts = {};
  if (strptime((day + " " + time).c_str(), "%Y-%m-%d %H:%M:%S", &parts) ==
      nullptr) {
    return false;
  }
  parts.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&parts);
  if (seconds == -1) return false;
  result->ns = static_cast<std::int64_t>(seconds) * 1000000000;
  return true;
}

// dpkg writes <none> where there is no version.
stogger::Value version(const std::string& text) {
  if (text.empty() || text == "<none>") return nullptr;
  return text;
}

struct Package {
  std::string name;
  std::string architecture;
};

Package parse_package(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// dpkg tells two versions of an upgrade, else only one.
stogger::MessageTemplate message_of(const std::string& from,
                                    const std::string& to) {
  if (version(from).is_null()) return "{package} {to_version}";
  if (version(to).is_null()) return "{package} {from_version}";
  return "{package} {from_version} -> {to_version}";
}

stogger::Level level_of(const std::string& action) {
  if (action == "status") return stogger::Level::debug;
  if (action == "remove" || action == "purge") return stogger::Level::warning;
  return stogger::Level::info;
}

// The forms of a line, after its date and time:
//   startup archives unpack
//   status installed libc6:amd64 2.36-9
//   install|upgrade|configure|trigproc|remove|purge PACKAGE OLD NEW
//   conffile /etc/motd keep
// False if it is none of them.
bool log_line(const stogger::Logger& log, const std::string& line,
              std::int64_t number) {
  std::istringstream words(line);
  std::string day, clock, action;
  stogger::Time at;
  if (!(words >> day >> clock >> action) || !parse_time(day, clock, &at)) {
    log.error("line-not-understood", {{"line", number}, {"text", line}});
    return false;
  }
  std::string first, second, third;
  words >> first >> second >> third;
  const stogger::Level level = level_of(action);
  if (action == "startup" || action == "conffile") {
    log.log(level, action, {{"at", at}, {"what", first}, {"detail", second}});
  } else if (action == "status") {
    const Package package = parse_package(second);
    log.log(level, "status",
            {{"at", at},
             {"status", first},
             {"package", package.name},
             {"architecture", package.architecture},
             {"version", version(third)}});
  } else {
    const Package package = parse_package(first);
    log.log(level, action,
            {{"at", at},
             {"package", package.name},
             {"architecture", package.architecture},
             {"from_version", version(second)},
             {"to_version", version(third)}},
            message_of(second, third));
  }
  return true;
}

// --- Writing -----------------------------------------------------------------

// ${HISTORY} is the folder.
constexpr std::string_view kConfiguration = R"(
[stogger]
level = "debug"

[stogger.sinks.console]
type = "console"
level = "warning"

[stogger.sinks.lines]
type = "jsonl"
path = "${HISTORY}/history.jsonl"

[stogger.sinks.database]
type = "sqlite"
path = "${HISTORY}/history.db"
table = "history"
)";

// --- Summing up --------------------------------------------------------------

// Prints the rows of a query in columns.
bool print_query(sqlite3* database, const char* title, const char* sql) {
  std::printf("\n%s\n", title);
  sqlite3_stmt* query = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &query, nullptr) != SQLITE_OK) {
    std::fprintf(stderr, "package_history: %s\n", sqlite3_errmsg(database));
    return false;
  }
  bool empty = true;
  for (; sqlite3_step(query) == SQLITE_ROW; empty = false) {
    for (int i = 0; i < sqlite3_column_count(query); ++i) {
      const unsigned char* text = sqlite3_column_text(query, i);
      std::printf(i == 0 ? "  %-28s" : " %8s",
                  text == nullptr ? "" : reinterpret_cast<const char*>(text));
    }
    std::printf("\n");
  }
  if (empty) std::printf("  none\n");
  return sqlite3_finalize(query) == SQLITE_OK;
}

bool print_summary(const std::string& folder) {
  sqlite3* database = nullptr;
  const bool done =
      sqlite3_open_v2((folder + "/history.db").c_str(), &database,
                      SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
      print_query(database, "Events by level",
                  "SELECT level, count(*) FROM history"
                  " GROUP BY level ORDER BY count(*) DESC") &&
      print_query(database, "Busiest hours",
                  "SELECT substr(data ->> 'at', 1, 13) || ':00Z' AS hour,"
                  " count(*) FROM history WHERE data ->> 'at' IS NOT NULL"
                  " GROUP BY hour ORDER BY count(*) DESC, hour LIMIT 5") &&
      print_query(database, "Top packages",
                  "SELECT data ->> 'package' AS package, count(*) FROM history"
                  " WHERE package IS NOT NULL"
                  " GROUP BY package ORDER BY count(*) DESC, package LIMIT 10");
  if (database == nullptr || !done) {
    std::fprintf(stderr, "package_history: cannot read %s/history.db\n",
                 folder.c_str());
  }
  sqlite3_close(database);
  return done;
}

// A line on the terminal that is written over, a few times a second at most.
class Progress {
 public:
  explicit Progress(std::int64_t bytes) : bytes_(bytes) {}
  ~Progress() {
    if (shown_ != 0) std::fprintf(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::int64_t done, std::int64_t lines) {
    if (!is_terminal_ || done < shown_ + bytes_ / 50 + 1) return;
    shown_ = done;
    std::fprintf(stderr, "\r%3lld %%  %lld lines",
                 static_cast<long long>(100 * done / bytes_),
                 static_cast<long long>(lines));
  }

 private:
  const std::int64_t bytes_;
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::int64_t shown_ = 0;
};

struct Counts {
  std::int64_t lines = 0;
  std::int64_t not_understood = 0;
};

Counts log_all(const stogger::Logger& log, std::istream& lines,
               std::int64_t bytes) {
  Counts counts;
  Progress progress(bytes);
  std::int64_t done = 0;
  for (std::string line; std::getline(lines, line);) {
    ++counts.lines;
    done += static_cast<std::int64_t>(line.size()) + 1;
    progress.show(done, counts.lines);
    if (!log_line(log, line, counts.lines)) ++counts.not_understood;
  }
  return counts;
}

void print_counts(const Counts& counts, const stogger::Stats& stats,
                  const std::string& folder) {
  std::printf("%lld lines, %lld of them not understood\n",
              static_cast<long long>(counts.lines),
              static_cast<long long>(counts.not_understood));
  for (const stogger::SinkStats& sink : stats) {
    std::printf("  %-10s %8llu written %8llu dropped\n",
                std::string(sink.name).c_str(),
                static_cast<unsigned long long>(sink.written),
                static_cast<unsigned long long>(sink.dropped));
  }
  std::printf("  in %s/history.jsonl and history.db\n", folder.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: package_history LOG FOLDER\n");
    return 2;
  }
  std::ifstream lines(argv[1]);
  if (!lines || std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "package_history: cannot read %s: %s\n", argv[1],
                 lines ? "it is a folder" : std::strerror(errno));
    return 1;
  }
  const std::string folder = argv[2];
  ::setenv("HISTORY", folder.c_str(), 1);

  stogger::System system;
  if (!system.load_text(kConfiguration, "history.toml").ok()) return 1;
  std::error_code unknown;  // of a pipe
  const std::uintmax_t size = std::filesystem::file_size(argv[1], unknown);
  const Counts counts =
      log_all(system.logger(), lines,
              unknown ? INT64_MAX : static_cast<std::int64_t>(size));
  static_cast<void>(system.flush());
  print_counts(counts, system.stats(), folder);
  if (counts.lines == 0) {
    std::printf("%s is empty: there is nothing to sum up\n", argv[1]);
    return 0;
  }
  return print_summary(folder) ? 0 : 1;
}
