// A sample as bytes, for a queue that another thread reads, or the next process
// after this one has died: see event/field_record.h. Its texts are device,
// unit_id, status, and then the key of each field and its text, if it has one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "event/field_record.h"
#include "stogger/sample.h"

namespace stogger {

// For one that is settled: see SettledSample.
std::size_t record_size(const Sample& sample) noexcept;
// `out` has room for that many bytes, and is aligned to 8.
void write_record(const Sample& sample, std::size_t size,
                  std::byte* out) noexcept;

// A sample that was read back. Its texts are views into the record.
class SampleRecord {
 public:
  // False if it is no whole record of a sample, whatever the bytes. May throw
  // std::bad_alloc.
  bool read(std::span<const std::byte> record);
  const Sample& sample() const noexcept { return sample_; }

 private:
  Sample sample_;
  std::vector<Field> fields_;
};

}  // namespace stogger
