// LineKeeper: a sink that keeps the finished lines it is handed.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "stogger/sink.h"
#include "stogger/system.h"

namespace stogger {

// Outlives the sink. Callable from any thread.
class Lines {
 public:
  void add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  std::size_t count() const { return all().size(); }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return lines_.empty() ? std::string() : lines_.back();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class LineKeeper final : public Sink {
 public:
  LineKeeper(RowForm form, std::shared_ptr<Lines> lines)
      : form_(form), lines_(std::move(lines)) {}

  Status write(const RowBatch& rows, WriteReport&) override {
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      lines_->add(rows.at(row, 0).text());
    }
    return {};
  }
  RowForm form() const noexcept override { return form_; }

 private:
  const RowForm form_;
  const std::shared_ptr<Lines> lines_;
};

// Adds such a sink, named `lines`.
inline std::shared_ptr<Lines> keep_lines(System& system, RowForm form) {
  auto lines = std::make_shared<Lines>();
  static_cast<void>(
      system.add_sink("lines", SinkPtr(new LineKeeper(form, lines))));
  return lines;
}

}  // namespace stogger
