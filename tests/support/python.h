// Python's standard library as a reader that has nothing to do with this
// project.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "support/temp_folder.h"

namespace stogger {

inline bool has_python() {
  static const bool has =
      std::system("python3 -c 'import csv, json, sqlite3' 2>/dev/null") == 0;
  return has;
}

// What a script prints as JSON, given one path as sys.argv[1].
inline nlohmann::json run_python(const std::string& script,
                                 const std::string& path) {
  const TempFolder folder;
  const std::string file = folder.file("read.py");
  write_file(
      file,
      "import csv, json, math, sqlite3, sys\npath = sys.argv[1]\n" + script);
  const std::string output = folder.file("out.json");
  const std::string command =
      "python3 '" + file + "' '" + path + "' > '" + output + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << script;
  return nlohmann::json::parse(read_file(output), nullptr, false);
}

// All cells of a CSV file.
inline nlohmann::json read_csv_with_python(const std::string& path) {
  return run_python(
      "print(json.dumps(list(csv.reader(open(path, newline='',"
      " encoding='utf-8')))))",
      path);
}

// An array of the lines of a file.
inline nlohmann::json read_json_lines_with_python(const std::string& path) {
  return run_python(
      "print(json.dumps([json.loads(line) for line in"
      " open(path, encoding='utf-8')]))",
      path);
}

// The rows of a query, each an array.
inline nlohmann::json query_with_python(const std::string& path,
                                        const std::string& sql) {
  return run_python("print(json.dumps(sqlite3.connect(path).execute('''" + sql +
                        "''').fetchall()))",
                    path);
}

}  // namespace stogger

#define SKIP_WITHOUT_PYTHON()                           \
  if (!has_python())                                    \
  GTEST_SKIP() << "python3 reads the file, and is not " \
                  "there"
