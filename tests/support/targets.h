// Events that can be found again in every kind of target, and checked for being
// whole: each carries its name once more at its end.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/log.h"
#include "tests/support/temp_folder.h"

namespace stogger {

inline void log_checked(const Logger& log, std::string_view name) {
  // Of different lengths, so that pieces of lines do not fit together.
  const std::string fill(17 + std::hash<std::string_view>()(name) % 61, '.');
  log.info(name, {{"fill", fill}, {"check", name}});
}

enum class Format { text, json, csv, sqlite };

namespace targets {

// These return the name of an event, and nothing if it is not whole: exactly
// what log_checked() logs.
inline std::string checked_data(const std::string& name,
                                std::string_view data) {
  const auto object = nlohmann::json::parse(data, nullptr, false);
  const bool whole = object.is_object() && object.value("check", "") == name;
  return whole ? name : "";
}

inline std::string name_in_text(const std::string& line) {
  // 2026-11-21T01:39:28.656Z I NAME   fill=... check=NAME
  constexpr std::size_t kName = 27;
  if (line.size() > kName && line.substr(23, 4) == "Z I ") {
    const std::string name = line.substr(kName, line.find(' ', kName) - kName);
    if (line.ends_with(". check=" + name)) return name;
  }
  return {};
}

inline std::string name_in_json(const std::string& line) {
  const auto object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return {};
  return checked_data(object.value("event", ""), line);
}

// timestamp,level,event,func,scope,"{""fill"":...}"
inline std::string name_in_csv(std::string line) {
  std::istringstream cells(line);
  std::string name;
  for (int i = 0; i < 3; ++i) std::getline(cells, name, ',');
  const std::size_t quote = line.find('"');
  if (quote == std::string::npos || !line.ends_with("}\"\r")) return {};
  std::string data;
  for (std::size_t i = quote + 1; i < line.size() - 2; ++i) {
    if (line[i] == '"') ++i;
    data += line[i];
  }
  return checked_data(name, data);
}

inline std::string name_in_line(Format format, const std::string& line) {
  if (format == Format::text) return name_in_text(line);
  return format == Format::json ? name_in_json(line) : name_in_csv(line);
}

inline std::vector<std::string> names_in_lines(Format format,
                                               const std::string& path,
                                               int torn_lines) {
  const std::string text = read_file(path);
  EXPECT_TRUE(text.empty() || text.back() == '\n')
      << "a torn line at the end of " << path;
  std::vector<std::string> names;
  std::istringstream in(text);
  std::string line;
  if (format == Format::csv && std::getline(in, line)) {
    EXPECT_EQ(line, "timestamp,level,event,func,scope,data\r");
  }
  while (std::getline(in, line)) {
    std::string name = name_in_line(format, line);
    if (!name.empty()) {
      names.push_back(std::move(name));
    } else if (torn_lines-- <= 0) {
      ADD_FAILURE() << path << ": not a whole line: " << line;
    }
  }
  return names;
}

inline std::vector<std::string> names_in_sqlite(const std::string& path) {
  std::vector<std::string> names;
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(
      sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr),
      SQLITE_OK)
      << path;
  sqlite3_busy_timeout(database, 5000);
  const auto each_row = [&](const char* sql, auto function) {
    EXPECT_EQ(sqlite3_prepare_v2(database, sql, -1, &statement, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(database);
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
      const auto column = [&](int i) {
        const auto* text = sqlite3_column_text(statement, i);
        return std::string(
            text == nullptr ? "" : reinterpret_cast<const char*>(text));
      };
      function(column);
    }
    EXPECT_EQ(result, SQLITE_DONE) << sqlite3_errmsg(database);
    sqlite3_finalize(statement);
  };
  each_row("PRAGMA integrity_check",
           [](auto column) { EXPECT_EQ(column(0), "ok"); });
  each_row("SELECT event, data FROM stogger_logs ORDER BY id",
           [&](auto column) {
             names.push_back(checked_data(column(0), column(1)));
             EXPECT_NE(names.back(), "") << column(0) << ' ' << column(1);
           });
  sqlite3_close(database);
  return names;
}

}  // namespace targets

// The names of all events in a target, in its order. Fails if anything in it is
// torn or merged, but for so many lines: each process that was killed may leave
// one, for a kill can end a call of write() between two pages.
inline std::vector<std::string> names_in(Format format, const std::string& path,
                                         int torn_lines = 0) {
  return format == Format::sqlite
             ? targets::names_in_sqlite(path)
             : targets::names_in_lines(format, path, torn_lines);
}

inline std::map<std::string, int> count_each(
    const std::vector<std::string>& names) {
  std::map<std::string, int> counts;
  for (const std::string& name : names) ++counts[name];
  return counts;
}

struct Target {
  std::string sink;  // its name
  Format format;
  std::string path;
  std::string toml;
  bool is_buffered = false;
};

// A folder with a target of each kind that is a file, and the configuration for
// all of them.
class Targets {
 public:
  Targets() {
    add("text-line", Format::text, "file", "");
    add("text-block", Format::text, "file", "flush = \"block\"\n");
    add("json-line", Format::json, "jsonl", "");
    add("json-block", Format::json, "jsonl", "flush = \"block\"\n");
    add("csv", Format::csv, "csv", "");
    add("sqlite", Format::sqlite, "sqlite", "busy_timeout_ms = 5000\n");
    write_config();
  }
  // Those sinks only.
  void keep(const std::vector<std::string_view>& sinks) {
    std::erase_if(all_, [&](const Target& target) {
      return std::find(sinks.begin(), sinks.end(), target.sink) == sinks.end();
    });
    write_config();
  }

  // How all of them get their events.
  void deliver(std::string_view delivery) {
    delivery_ = delivery;
    write_config();
  }

  const std::string& folder() const { return folder_.path(); }
  std::string file(std::string_view name) const { return folder_.file(name); }
  std::string config() const { return folder_.file("stogger.toml"); }
  const std::vector<Target>& all() const { return all_; }

  // Fails unless each target has each of these events exactly once.
  void expect_each_once(const std::vector<std::string>& names) const {
    auto expected = count_each(names);
    for (const Target& target : all_) {
      auto counts = count_each(names_in(target.format, target.path));
      std::size_t missing = 0;
      std::size_t doubled = 0;
      std::string examples;
      for (const auto& [name, count] : expected) {
        const int found = counts[name];
        if (found == 1) continue;
        ++(found == 0 ? missing : doubled);
        if (examples.size() < 300) {
          examples += ' ' + name + " x" + std::to_string(found);
        }
      }
      EXPECT_EQ(missing, 0U) << target.sink << ':' << examples;
      EXPECT_EQ(doubled, 0U) << target.sink << ':' << examples;
      for (const auto& [name, count] : counts) {
        EXPECT_TRUE(expected.contains(name)) << target.sink << ": " << name;
      }
    }
  }

 private:
  void add(std::string_view sink, Format format, std::string_view type,
           std::string_view options) {
    Target target{std::string(sink), format, folder_.file(sink), {}, false};
    target.is_buffered = options.find("block") != options.npos;
    target.toml = "[stogger.sinks." + target.sink + "]\ntype = \"" +
                  std::string(type) + "\"\npath = \"" + target.path + "\"\n" +
                  std::string(options);
    all_.push_back(target);
  }
  void write_config() {
    std::string toml =
        "[stogger]\nlog_to_console = false\ndelivery = \"" + delivery_ + "\"\n";
    if (delivery_ == "durable") {
      toml += "spool_dir = \"" + folder_.file("spool") + "\"\n";
    }
    for (const Target& target : all_) toml += target.toml;
    write_file(config(), toml);
  }

  TempFolder folder_;
  std::string delivery_ = "sync";
  std::vector<Target> all_;
};

}  // namespace stogger
