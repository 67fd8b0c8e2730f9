// SampleRows: samples of a queue as rows.
#pragma once

#include <cstddef>
#include <span>

#include "deliver/record_rows.h"
#include "sample/sample_batch.h"
#include "sample/sample_record.h"
#include "stogger/clock.h"

namespace stogger {

class SampleRows final : public RecordRows {
 public:
  // Rows take about so many bytes together; a single row may take more. The
  // clock has to live as long.
  SampleRows(std::size_t most_bytes, Clock& clock)
      : most_bytes_(most_bytes), clock_(clock) {}

  void clear() noexcept override { batch_.clear(); }
  bool add(std::span<const std::byte> record, const RowLayout& layout) override;
  RowBatch rows() const noexcept override { return batch_.rows(clock_.now()); }

 private:
  const std::size_t most_bytes_;
  Clock& clock_;
  SampleRecord record_;
  SampleBatch batch_;
};

}  // namespace stogger
