// Writing to a sink in tests, and what it says of the rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stogger/sink.h"

namespace stogger {

// Keeps all that a sink says.
class KeptReport final : public WriteReport {
 public:
  struct Refusal {
    std::size_t row;
    std::string reason;
  };

  void refuse(std::size_t row, std::string_view reason) override {
    refused.push_back({row, std::string(reason)});
  }
  void in_doubt(std::size_t row) override { doubtful.push_back(row); }
  void notice(std::string_view what) override { notices.emplace_back(what); }
  std::int64_t waited_ns() const noexcept override { return waited; }

  bool is_empty() const {
    return refused.empty() && doubtful.empty() && notices.empty();
  }
  bool is_silent_on(std::size_t row) const {
    return std::none_of(refused.begin(), refused.end(),
                        [row](const Refusal& one) { return one.row == row; }) &&
           std::find(doubtful.begin(), doubtful.end(), row) == doubtful.end();
  }
  void pass_on(WriteReport& report) const {
    for (const Refusal& one : refused) report.refuse(one.row, one.reason);
    for (const std::size_t row : doubtful) report.in_doubt(row);
    for (const std::string& one : notices) report.notice(one);
  }
  std::vector<std::size_t> refused_rows() const {
    std::vector<std::size_t> rows;
    for (const Refusal& one : refused) rows.push_back(one.row);
    return rows;
  }
  // All of it, for messages of tests.
  std::string text() const {
    std::string text;
    for (const Refusal& one : refused) {
      text +=
          "refused row " + std::to_string(one.row) + ": " + one.reason + ";";
    }
    for (const std::size_t row : doubtful) {
      text += "row " + std::to_string(row) + " is in doubt;";
    }
    for (const std::string& one : notices) text += one + ";";
    return text;
  }

  std::int64_t waited = 0;  // nanoseconds
  std::vector<Refusal> refused;
  std::vector<std::size_t> doubtful;
  std::vector<std::string> notices;
};

// For what a sink is to do without a word: ok only if it said nothing besides.
inline Status in_silence(Status status, const KeptReport& said) {
  if (!status.ok() || said.is_empty()) return status;
  return Status(Code::internal, "the sink says: " + said.text());
}

inline Status write_to(Sink& sink, const RowBatch& rows) {
  KeptReport said;
  Status status = sink.write(rows, said);
  return in_silence(std::move(status), said);
}

// What the sink says of rows while its target works.
inline KeptReport said_of(Sink& sink, const RowBatch& rows) {
  KeptReport said;
  const Status status = sink.write(rows, said);
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
  return said;
}

inline Status tick(Sink& sink, Time now) {
  KeptReport said;
  Status status = sink.tick(now, said);
  return in_silence(std::move(status), said);
}

}  // namespace stogger
