#include "sample/sample_rows.h"

#include <stdexcept>

namespace stogger {

bool SampleRows::add(std::span<const std::byte> record, const RowLayout&) {
  if (!record_.read(record)) throw std::invalid_argument("damaged");
  const std::size_t taken = batch_.bytes();
  if (batch_.size() != 0 && taken + record.size() > most_bytes_) return false;
  return batch_.add(record_.sample(), most_bytes_ - taken);
}

}  // namespace stogger
