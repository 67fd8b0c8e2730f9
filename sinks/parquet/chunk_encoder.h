// Encodes the values of one column of a row group: a column chunk.
//
//   chunk  =  [dictionary page] data page...
//   page   =  header (Thrift), body (compressed)
//   body of a data page  =  size (4 bytes), definition levels (RLE), values
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "sinks/parquet/codec.h"
#include "sinks/parquet/column_buffer.h"
#include "sinks/parquet/dictionary.h"
#include "sinks/parquet/thrift.h"

namespace stogger {

// The physical type of a column of that kind; the numbers are the format's.
enum class ParquetType : std::int32_t {
  boolean = 0,
  int64 = 2,
  real = 5,
  bytes = 6
};
ParquetType parquet_type(Kind kind) noexcept;

struct ChunkSizes {
  std::uint64_t uncompressed = 0;
  std::uint64_t compressed = 0;
};

class ChunkEncoder {
 public:
  ChunkEncoder(ParquetCodec* codec, bool use_dictionary) noexcept
      : codec_(*codec), use_dictionary_(use_dictionary) {}

  // Adds the chunk to *out, the first byte of which lies at `base` in the file,
  // and its ColumnChunk to the metadata.
  ChunkSizes encode(const ColumnBuffer& column, std::string_view name,
                    std::uint64_t base, Buffer* out, ThriftWriter* metadata);

 private:
  enum class Encoding : std::int32_t {
    plain = 0,
    runs = 3,
    deltas = 5,
    dictionary = 8,
    split = 9
  };
  struct Page {
    std::size_t rows = 0;
    std::size_t values = 0;
  };

  Encoding choose(const ColumnBuffer& column);
  Encoding choose_for_text(const ColumnBuffer& column);
  Encoding choose_for_numbers(const ColumnBuffer& column);
  bool number_dictionary(const ColumnBuffer& column, std::size_t most);
  std::size_t sample_size(const ColumnBuffer& column, std::size_t count,
                          Encoding encoding);
  Page next_page(const ColumnBuffer& column, Encoding encoding, std::size_t row,
                 std::size_t value) const;
  void append_levels(const ColumnBuffer& column, std::size_t row,
                     std::size_t count);
  void append_values(const ColumnBuffer& column, Encoding encoding,
                     std::size_t first, std::size_t count, Buffer* out);
  void append_dictionary_page(const ColumnBuffer& column, ChunkSizes* sizes,
                              Buffer* out);
  void append_data_page(const ColumnBuffer& column, Encoding encoding,
                        std::size_t row, std::size_t value, const Page& page,
                        ChunkSizes* sizes, Buffer* out);
  template <class WriteHeader>
  void append_page(std::int32_t type, WriteHeader write_header,
                   ChunkSizes* sizes, Buffer* out);

  ParquetCodec& codec_;
  const bool use_dictionary_;
  Buffer body_;
  Buffer packed_;
  // The dictionary of a column of numbers.
  IndexTable table_;
  std::vector<std::uint64_t> numbers_;
  std::vector<std::uint32_t> number_indexes_;
  unsigned index_width_ = 1;
};

}  // namespace stogger
