// What the tests of the Parquet sink have in common.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/options.h"
#include "sinks/parquet/parquet.h"
#include "tests/parquet/judges.h"
#include "tests/support/rows.h"
#include "tests/support/seconds.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {

namespace fs = std::filesystem;

inline SinkPtr make_for_samples(const std::vector<Field>& fields) {
  Options options("parquet", fields);
  OptionsAccess::set_for_samples(options);
  SinkPtr sink;
  const Status status = make_parquet_sink(options, &sink);
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
  return sink;
}

inline Rows numbered(std::int64_t first, std::int64_t count,
                     Time now = kTestTime) {
  Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
  for (std::int64_t i = first; i < first + count; ++i) {
    rows.add({i, i % 2 == 0 ? "even" : "odd"});
  }
  rows.at(now);
  return rows;
}

inline Tally tally_of(const SinkPtr& sink) {
  Tally tally;
  EXPECT_TRUE(sink->tally(&tally));
  return tally;
}

inline std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The values of the column seq.
inline std::vector<std::int64_t> numbers_in(const nlohmann::json& found) {
  std::vector<std::int64_t> numbers;
  if (!found.contains("rows")) return numbers;
  for (const nlohmann::json& row : found["rows"]) {
    const auto text = row[0].get<std::string>();
    std::int64_t number = -1;
    std::from_chars(text.data() + 2, text.data() + text.size(), number);
    numbers.push_back(number);
  }
  return numbers;
}

inline std::vector<std::int64_t> counted(std::int64_t first,
                                         std::int64_t count) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = first; i < first + count; ++i) numbers.push_back(i);
  return numbers;
}

inline std::vector<std::string> groups_in(const nlohmann::json& found) {
  std::vector<std::string> rows;
  if (!found.contains("groups")) return rows;
  for (const nlohmann::json& group : found["groups"]) {
    rows.push_back(group["rows"].get<std::string>());
  }
  return rows;
}

class ParquetSinkTest : public ::testing::Test {
 protected:
  ParquetSinkTest() { std::filesystem::create_directory(folder()); }

  std::string folder() const { return folder_.file("data"); }
  std::string path() const { return folder() + "/run.parquet"; }
  SinkPtr make(std::vector<Field> fields = {}) {
    path_ = path();
    fields.emplace_back("path", path_);
    if (std::none_of(fields.begin(), fields.end(),
                     [](const Field& field) { return field.key == "sync"; })) {
      fields.emplace_back("sync", false);
    }
    return make_for_samples(fields);
  }
  SinkPtr open(std::vector<Field> fields = {}) {
    SinkPtr sink = make(std::move(fields));
    EXPECT_OK(sink->open());
    return sink;
  }
  std::vector<std::string> files() const { return names_in(folder()); }

  TempFolder folder_;
  std::string path_;
};

using Names = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;
using Groups = std::vector<std::string>;

}  // namespace stogger
