// The structures of stogger/sample_sinks.h, as the options that a sink reads.
#pragma once

#include <vector>

#include "base/buffer.h"
#include "stogger/sample_sinks.h"

namespace stogger {

// Views into the structure.
struct TypedOptions {
  // One for each member. Null, or an empty text: it was not given.
  std::vector<Field> options;
  Fields columns;
};

TypedOptions options_of(const MemoryConfig& config);
TypedOptions options_of(const CsvConfig& config);
TypedOptions options_of(const JsonlConfig& config);
TypedOptions options_of(const SqliteConfig& config);
TypedOptions options_of(const ParquetConfig& config);
TypedOptions options_of(const PostgresConfig& config);

// Those that were given; `table` holds the text of `columns`.
std::vector<Field> given_of(const TypedOptions& typed, Buffer* table);

}  // namespace stogger
