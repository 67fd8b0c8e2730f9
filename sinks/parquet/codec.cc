#include "sinks/parquet/codec.h"

#include <snappy-c.h>
#include <zstd.h>

#include <new>

namespace stogger {

ParquetCodec::~ParquetCodec() { ZSTD_freeCCtx(context_); }

// With room for the worst case, neither library fails but for lack of memory.
void ParquetCodec::append(Buffer& out, std::string_view bytes) {
  if (compression_ == ParquetCompression::none) {
    out.append(bytes);
  } else if (compression_ == ParquetCompression::snappy) {
    std::size_t size = snappy_max_compressed_length(bytes.size());
    char* const start = out.reserve(size);
    if (snappy_compress(bytes.data(), bytes.size(), start, &size) !=
        SNAPPY_OK) {
      throw std::bad_alloc();
    }
    out.advance_to(start + size);
  } else {
    if (context_ == nullptr) context_ = ZSTD_createCCtx();
    if (context_ == nullptr) throw std::bad_alloc();
    const std::size_t room = ZSTD_compressBound(bytes.size());
    char* const start = out.reserve(room);
    const std::size_t size = ZSTD_compressCCtx(
        context_, start, room, bytes.data(), bytes.size(), level_);
    if (ZSTD_isError(size)) throw std::bad_alloc();
    out.advance_to(start + size);
  }
}

}  // namespace stogger
