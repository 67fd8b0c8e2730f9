// Compression of pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"

struct ZSTD_CCtx_s;
struct z_stream_s;

namespace stogger {

// The numbers are those of the format.
enum class ParquetCompression : std::int32_t {
  none = 0,
  snappy = 1,
  gzip = 2,
  zstd = 6
};

class ParquetCodec {
 public:
  ParquetCodec(ParquetCompression compression, int level) noexcept
      : compression_(compression), level_(level) {}
  ~ParquetCodec();
  ParquetCodec(const ParquetCodec&) = delete;
  ParquetCodec& operator=(const ParquetCodec&) = delete;

  ParquetCompression compression() const noexcept { return compression_; }

  // Adds the bytes in compressed form. Throws std::bad_alloc.
  void append(Buffer& out, std::string_view bytes);

 private:
  void append_gzip(Buffer& out, std::string_view bytes);

  const ParquetCompression compression_;
  const int level_;
  ZSTD_CCtx_s* context_ = nullptr;
  z_stream_s* stream_ = nullptr;  // of gzip
};

}  // namespace stogger
