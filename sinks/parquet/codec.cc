#include "sinks/parquet/codec.h"

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>
#include <new>

namespace stogger {

ParquetCodec::~ParquetCodec() {
  ZSTD_freeCCtx(context_);
  if (stream_ != nullptr) deflateEnd(stream_);
  delete stream_;
}

// With room for the worst case, no library fails but for lack of memory.
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
  } else if (compression_ == ParquetCompression::gzip) {
    append_gzip(out, bytes);
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

// A page is below 4 GiB, as its header says its size in 32 bits.
void ParquetCodec::append_gzip(Buffer& out, std::string_view bytes) {
  constexpr int kGzip = 16;  // added to the bits of the window
  constexpr int kMemory = 8;
  if (stream_ == nullptr) {
    auto made = std::make_unique<z_stream>();
    if (deflateInit2(made.get(), level_, Z_DEFLATED, MAX_WBITS + kGzip, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
    stream_ = made.release();
  }
  const std::size_t room =
      deflateBound(stream_, static_cast<uLong>(bytes.size()));
  char* const start = out.reserve(room);
  stream_->next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
  stream_->avail_in = static_cast<uInt>(bytes.size());
  stream_->next_out = reinterpret_cast<Bytef*>(start);
  stream_->avail_out = static_cast<uInt>(room);
  const int result = deflate(stream_, Z_FINISH);
  const std::size_t size = room - stream_->avail_out;
  deflateReset(stream_);
  if (result != Z_STREAM_END) throw std::bad_alloc();
  out.advance_to(start + size);
}

}  // namespace stogger
