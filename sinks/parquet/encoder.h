// Rows as a Parquet file: gathers a row group, encodes it, and writes the
// footer that makes a file of all. It knows of no file itself.
//
//   file    =  "PAR1" row group... footer, size of the footer (4 bytes), "PAR1"
//
// docs/formats/parquet.md tells which parts of the format are used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "row/schema.h"
#include "sinks/parquet/chunk_encoder.h"
#include "sinks/parquet/codec.h"
#include "sinks/parquet/column_buffer.h"
#include "stogger/value.h"

namespace stogger {

inline constexpr std::string_view kParquetMagic = "PAR1";

struct ParquetEncoding {
  ParquetCompression compression = ParquetCompression::zstd;
  int level = 3;
  bool use_dictionary = true;  // where it makes the file smaller
};

// The row groups of a file, for its footer.
class ParquetFooter {
 public:
  std::uint64_t rows() const noexcept { return rows_; }
  // How many it takes in the file, roughly.
  std::size_t bytes() const noexcept { return metadata_.size(); }
  void clear() noexcept;
  // What it was before, to go back to.
  struct Mark {
    std::size_t bytes = 0;
    std::size_t groups = 0;
    std::uint64_t rows = 0;
  };
  Mark mark() const noexcept { return {metadata_.size(), groups_, rows_}; }
  void go_back(const Mark& mark) noexcept;

  // Adds the end of a file that has these row groups. `pairs` are names and
  // values to keep with the file.
  void append_end(const std::vector<SchemaColumn>& columns,
                  const std::vector<std::pair<std::string, std::string>>& pairs,
                  Buffer* out) const;

 private:
  friend class ParquetEncoder;
  Buffer metadata_;
  std::size_t groups_ = 0;
  std::uint64_t rows_ = 0;
};

// Rows in memory that are to be one row group.
class ParquetRows {
 public:
  explicit ParquetRows(const std::vector<SchemaColumn>& columns);

  std::size_t count() const noexcept { return count_; }
  const std::vector<ColumnBuffer>& buffers() const noexcept { return buffers_; }
  // Bytes, roughly.
  std::size_t memory() const noexcept;

  // Adds `count` rows; value_of(row, column) gives the values of them, fitted
  // to the columns, and misfit(column) is told of those that are too long, and
  // are null. If either
  // throws, nothing was added.
  template <class ValueOf, class Misfit>
  void add(std::size_t count, ValueOf value_of, Misfit misfit) {
    try {
      for (std::size_t i = 0; i < buffers_.size(); ++i) {
        for (std::size_t row = 0; row < count; ++row) {
          if (!buffers_[i].add(value_of(row, i))) misfit(i);
        }
      }
    } catch (...) {
      for (ColumnBuffer& buffer : buffers_) buffer.cut(count_);
      throw;
    }
    count_ += count;
  }
  // Forgets the first rows.
  void drop(std::size_t count) noexcept;
  void clear() noexcept;

 private:
  std::vector<ColumnBuffer> buffers_;
  std::size_t count_ = 0;
};

class ParquetEncoder {
 public:
  explicit ParquetEncoder(ParquetEncoding encoding) noexcept
      : codec_(encoding.compression, encoding.level),
        chunks_(&codec_, encoding.use_dictionary) {}

  // Encodes a row group; it adds its bytes to *out, the first byte of which
  // lies at `base` in the file, and what the footer tells of it to *footer.
  void encode(const std::vector<SchemaColumn>& columns, const ParquetRows& rows,
              std::uint64_t base, Buffer* out, ParquetFooter* footer);

 private:
  ParquetCodec codec_;
  ChunkEncoder chunks_;
};

}  // namespace stogger
