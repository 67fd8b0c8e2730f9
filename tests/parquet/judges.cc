#include "tests/parquet/judges.h"

#include <stdio.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "base/json.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using nlohmann::json;

// The folder with the node_modules of package.json.
std::string judges_folder() {
  const char* folder = std::getenv("STOGGER_PARQUET_JUDGES");
  return folder == nullptr ? "" : folder;
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xF];
  }
  return hex;
}

std::string hex_of(double value) {
  if (std::isnan(value)) return "nan";
  char text[17];
  std::snprintf(
      text, sizeof text, "%016llx",
      static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(value)));
  return text;
}

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char chunk[65536];
  std::size_t count = 0;
  while ((count = ::fread(chunk, 1, sizeof chunk, pipe)) > 0) {
    output.append(chunk, count);
  }
  ::pclose(pipe);
  return output;
}

}  // namespace

const std::string& why_no_judges() {
  static const std::string reason = [] {
    const std::string folder = judges_folder();
    const std::string hint =
        ": run `npm install` beside a copy of tests/parquet/package.json and "
        "set "
        "STOGGER_PARQUET_JUDGES to its folder, as tests/run.sh does";
    if (folder.empty()) return "STOGGER_PARQUET_JUDGES is not set" + hint;
    if (!std::filesystem::exists(folder + "/node_modules/hyparquet")) {
      return "no node_modules/hyparquet in " + folder + hint;
    }
    return std::string();
  }();
  return reason;
}

std::vector<Judgement> judge(const std::vector<std::string>& paths,
                             bool with_rows) {
  // It finds the packages from where it is.
  const std::string script = judges_folder() + "/judge.mjs";
  const std::string source =
      read_file(STOGGER_SOURCE_DIR "/tests/parquet/judge.mjs");
  if (read_file(script) != source) {
    const std::string fresh = script + std::to_string(::getpid());
    write_file(fresh, source);
    std::filesystem::rename(fresh, script);
  }
  std::string command = "node '" + script + "'";
  if (!with_rows) command += " --rows=no";
  for (const std::string& path : paths) command += " '" + path + "'";
  std::istringstream lines(output_of(command));
  std::vector<Judgement> judgements;
  std::string line;
  while (std::getline(lines, line)) {
    const json found = json::parse(line, nullptr, false);
    if (!found.is_object()) {
      ADD_FAILURE() << "the judges say: " << line;
      continue;
    }
    judgements.push_back({found.at("duckdb"), found.at("hyparquet")});
  }
  EXPECT_EQ(judgements.size(), paths.size());
  judgements.resize(paths.size());
  return judgements;
}

json as_judged(const Value& value, Kind column) {
  const auto text = [](char kind, const std::string& rest) {
    return std::string(1, kind) + ":" + rest;
  };
  switch (value.kind()) {
    case Kind::boolean:
      return text('b', value.boolean() ? "1" : "0");
    case Kind::integer:
      if (column == Kind::real) {
        return text('d', hex_of(static_cast<double>(value.integer())));
      }
      return text(column == Kind::unsigned_integer ? 'u' : 'i',
                  std::to_string(value.integer()));
    case Kind::unsigned_integer:
      return text('u', std::to_string(value.unsigned_integer()));
    case Kind::real:
      return text('d', hex_of(value.real()));
    case Kind::text:
      return text('t', hex_of(value.text()));
    case Kind::json:
      return text('j', hex_of(value.text()));
    case Kind::time: {
      const std::int64_t ns = value.time().ns;
      return text('m', std::to_string(ns / 1000 - (ns % 1000 < 0 ? 1 : 0)));
    }
    default:
      return nullptr;
  }
}

json rows_as_judged(const RowBatch& rows) {
  json all = json::array();
  for (std::size_t i = 0; i < rows.row_count; ++i) {
    json row = json::array();
    for (std::size_t j = 0; j < rows.column_count; ++j) {
      row.push_back(as_judged(rows.at(i, j), rows.columns[j].kind));
    }
    all.push_back(std::move(row));
  }
  return all;
}

json agreed(const std::string& path) {
  const Judgement found = judge({path}).front();
  for (const json* one : {&found.duckdb, &found.hyparquet}) {
    if (!one->is_object() || one->contains("error")) {
      ADD_FAILURE() << path << ": " << one->dump();
      return json::object();
    }
  }
  EXPECT_EQ(found.duckdb["columns"], found.hyparquet["columns"]);
  EXPECT_EQ(found.duckdb["count"], found.hyparquet["count"]);
  EXPECT_EQ(found.duckdb["pairs"], found.hyparquet["pairs"]);
  EXPECT_TRUE(found.duckdb["rows"] == found.hyparquet["rows"]);
  EXPECT_EQ(found.duckdb["groups"].size(), found.hyparquet["groups"].size());
  EXPECT_TRUE(found.duckdb["lost"].is_null())
      << "rows are skipped by the statistics of " << found.duckdb["lost"];
  EXPECT_EQ(found.hyparquet["optional"], true);
  for (std::size_t i = 0; i < found.duckdb["groups"].size(); ++i) {
    const json& a = found.duckdb["groups"][i];
    const json& b = found.hyparquet["groups"][i];
    EXPECT_EQ(a["rows"], b["rows"]);
    for (std::size_t j = 0; j < a["columns"].size(); ++j) {
      for (const char* what : {"codec", "encodings", "nulls"}) {
        EXPECT_EQ(a["columns"][j][what], b["columns"][j][what]);
      }
      for (const char* what : {"least", "most"}) {
        // DuckDB makes no use of infinite limits.
        if (b["columns"][j][what] == as_judged(HUGE_VAL, Kind::real)) continue;
        if (b["columns"][j][what] == as_judged(-HUGE_VAL, Kind::real)) continue;
        EXPECT_EQ(a["columns"][j][what].is_null(),
                  b["columns"][j][what].is_null())
            << path << " row group " << i << ", column " << j << ": "
            << a["columns"][j].dump() << b["columns"][j].dump();
      }
    }
  }
  return found.hyparquet;
}

void expect_table(const std::string& path, const json& columns,
                  const json& rows) {
  const json found = agreed(path);
  if (found.empty()) return;
  EXPECT_EQ(found["columns"], columns);
  const json& read = found["rows"];
  ASSERT_EQ(read.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(read[i], rows[i]) << "row " << i;
  }
}

}  // namespace stogger
