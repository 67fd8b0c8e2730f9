// MemorySink: the sink `memory`, which keeps rows for someone in the same
// process to look at: a test, or a page that shows the latest events.
//
// It keeps the newest max_rows rows; older ones make room, and are counted, of
// samples with a notice the first time. Rows live as long as the sink, whether
// open or closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "row/owned_row.h"
#include "stogger/sink.h"

namespace stogger {

class MemorySink final : public Sink {
 public:
  static constexpr std::size_t kDefaultRows = 10000;

  explicit MemorySink(std::size_t max_rows = kDefaultRows,
                      bool for_samples = false);
  ~MemorySink() override;

  Status open() override;
  Status check(CheckFindings&) override { return {}; }
  Status write(const RowBatch& rows, WriteReport& report) override;
  Status close() override;
  // The child begins without rows.
  void abandon() noexcept override;
  RowForm form() const noexcept override { return RowForm::fields; }
  std::string_view target() const noexcept override { return "memory"; }

  // Copies of all rows, oldest first. From any thread, also during a write().
  std::vector<OwnedRow> rows() const;
  // How many made room for newer ones.
  std::uint64_t dropped() const noexcept;
  void clear();

 private:
  struct Kept;

  bool keep(std::vector<OwnedRow> rows, std::size_t left_out);

  const std::size_t max_rows_;
  bool reports_drop_;  // and has not done so yet
  Kept* kept_;
  std::unique_ptr<Kept> spare_;  // for abandon()
  bool open_ = false;
};

}  // namespace stogger
