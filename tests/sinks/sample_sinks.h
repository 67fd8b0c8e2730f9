// What tests of sample sinks begin with.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/diagnostics.h"
#include "stogger/sample.h"
#include "support/python.h"
#include "support/sinks.h"
#include "support/temp_folder.h"

namespace stogger {

// 2026-11-21T01:39:28.656642Z
inline constexpr Time kTime{1795225168656642000};

inline Sample sample(Fields fields) {
  return {.device = "mfc1",
          .unit_id = "A",
          .requested_at = kTime,
          .received_at = Time{kTime.ns + 1000000},
          .fields = fields};
}

inline Status write(Sink& sink, const std::vector<Sample>& samples) {
  return pipe(samples, sink);
}

// Sinks that write to `path_`, and what they told.
class SampleSinkTest : public ::testing::Test {
 protected:
  SampleSinkTest() {
    set_diagnostics(
        [](std::string_view line, void* self) {
          auto* test = static_cast<SampleSinkTest*>(self);
          const std::lock_guard lock(test->mutex_);
          test->reports_.emplace_back(line);
        },
        this);
  }
  ~SampleSinkTest() override { set_diagnostics(nullptr); }

  SinkPtr make(std::string_view type, std::vector<Field> options = {}) {
    options.insert(options.begin(), {"path", path_});
    SinkPtr sink;
    const Status status = make_sample_sink(type, options, &sink);
    EXPECT_TRUE(status.ok()) << status.message();
    return sink;
  }
  static std::string refusal(std::string_view type,
                             const std::vector<Field>& options) {
    SinkPtr sink;
    return std::string(make_sample_sink(type, options, &sink).message());
  }
  // How many there are, as the independent reader sees it.
  std::size_t rows_of_type(std::string_view type) {
    if (type == "csv") return csv().size() - 1;
    if (type == "jsonl") return lines().size();
    return query("SELECT count(*) FROM samples")[0][0].get<std::size_t>();
  }
  nlohmann::json csv() { return read_csv_with_python(path_); }
  nlohmann::json lines() { return read_json_lines_with_python(path_); }
  nlohmann::json query(const std::string& sql) {
    return query_with_python(path_, sql);
  }

  TempFolder folder_;
  std::string path_ = folder_.file("run.out");
  std::mutex mutex_;
  std::vector<std::string> reports_;
};

}  // namespace stogger
