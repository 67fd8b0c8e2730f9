// The history of a Debian machine as data: every line of a dpkg log becomes an
// event on the console, in JSON lines and in SQLite, and SQL sums it up.
//
//   package_history LOG FOLDER      for example /var/log/dpkg.log and
//   /tmp/history
#include <sqlite3.h>
#include <stogger/log.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

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
void log_line(const std::string& line, std::int64_t number) {
  std::istringstream words(line);
  std::string day, clock, action;
  stogger::Time at;
  if (!(words >> day >> clock >> action) || !parse_time(day, clock, &at)) {
    stogger::error("line-not-understood", {{"line", number}, {"text", line}});
    return;
  }
  std::string first, second, third;
  words >> first >> second >> third;
  const stogger::Level level = level_of(action);
  if (action == "startup" || action == "conffile") {
    stogger::log(level, action,
                 {{"at", at}, {"what", first}, {"detail", second}});
  } else if (action == "status") {
    const Package package = parse_package(second);
    stogger::log(level, "status",
                 {{"at", at},
                  {"status", first},
                  {"package", package.name},
                  {"architecture", package.architecture},
                  {"version", version(third)}});
  } else {
    const Package package = parse_package(first);
    stogger::log(level, action,
                 {{"at", at},
                  {"package", package.name},
                  {"architecture", package.architecture},
                  {"from_version", version(second)},
                  {"to_version", version(third)}},
                 "{package} {from_version} -> {to_version}");
  }
}

// --- Writing -----------------------------------------------------------------

std::string write_configuration(const std::string& folder) {
  const std::string path = folder + "/history.toml";
  std::ofstream(path) << "[stogger]\n"
                         "level = \"debug\"\n"
                         "\n"
                         "[stogger.sinks.lines]\n"
                         "type = \"jsonl\"\n"
                         "path = \""
                      << folder
                      << "/history.jsonl\"\n"
                         "\n"
                         "[stogger.sinks.database]\n"
                         "type = \"sqlite\"\n"
                         "path = \""
                      << folder
                      << "/history.db\"\n"
                         "table = \"history\"\n";
  return path;
}

// --- Summing up --------------------------------------------------------------

// Prints the rows of a query in columns.
bool print_query(sqlite3* database, const char* title, const char* sql) {
  std::printf("\n%s\n", title);
  sqlite3_stmt* query = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &query, nullptr) != SQLITE_OK) {
    std::fprintf(stderr, "package_history: %s\n", sqlite3_errmsg(database));
    return false;
  }
  while (sqlite3_step(query) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(query); ++i) {
      const unsigned char* text = sqlite3_column_text(query, i);
      std::printf(i == 0 ? "  %-28s" : " %8s",
                  text == nullptr ? "" : reinterpret_cast<const char*>(text));
    }
    std::printf("\n");
  }
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: package_history LOG FOLDER\n");
    return 2;
  }
  std::ifstream log(argv[1]);
  if (!log) {
    std::fprintf(stderr, "package_history: cannot read %s\n", argv[1]);
    return 1;
  }
  const std::string folder = argv[2];
  const std::string configuration = write_configuration(folder);
  if (!stogger::init(configuration).ok()) return 1;

  std::int64_t number = 0;
  for (std::string line; std::getline(log, line);) log_line(line, ++number);

  stogger::flush();
  std::printf("\n%lld lines of %s\n", static_cast<long long>(number), argv[1]);
  for (const stogger::SinkStats& sink : stogger::stats()) {
    std::printf("  %-10s %8llu written %8llu dropped\n",
                std::string(sink.name).c_str(),
                static_cast<unsigned long long>(sink.written),
                static_cast<unsigned long long>(sink.dropped));
  }
  return print_summary(folder) ? 0 : 1;
}
