#include "sinks/file/compression.h"

#include <cstddef>

#ifdef STOGGER_WITH_ZSTD
#include <zstd.h>
#endif
#ifdef STOGGER_WITH_ZLIB
#include <zlib.h>
#endif

namespace stogger {
namespace {

// What is asked of a library at once.
[[maybe_unused]] constexpr std::size_t kRoom = 64 * 1024;

#ifdef STOGGER_WITH_ZSTD

class ZstdEncoder final : public StreamEncoder {
 public:
  ZstdEncoder() : context_(ZSTD_createCCtx()) {
    if (context_ != nullptr) {
      ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
    }
  }
  ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }
  bool is_usable() const noexcept { return context_ != nullptr; }

  Status add(std::string_view bytes, bool last, Buffer& out) override {
    ZSTD_inBuffer from = {bytes.data(), bytes.size(), 0};
    for (;;) {
      char* const start = out.reserve(kRoom);
      ZSTD_outBuffer to = {start, kRoom, 0};
      const std::size_t left = ZSTD_compressStream2(
          context_, &to, &from, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) {
        return Status(Code::unavailable,
                      std::string("zstd: ") + ZSTD_getErrorName(left));
      }
      out.advance_to(start + to.pos);
      if (last ? left == 0 : from.pos == from.size) return {};
    }
  }

 private:
  ZSTD_CCtx* context_;
};

#endif
#ifdef STOGGER_WITH_ZLIB

class GzipEncoder final : public StreamEncoder {
 public:
  GzipEncoder() {
    constexpr int kGzip = 16;  // rather than a stream of zlib
    constexpr int kMemory = 8;
    usable_ =
        deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                     MAX_WBITS + kGzip, kMemory, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipEncoder() override {
    if (usable_) deflateEnd(&stream_);
  }
  bool is_usable() const noexcept { return usable_; }

  Status add(std::string_view bytes, bool last, Buffer& out) override {
    // zlib does not change it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    for (;;) {
      char* const start = out.reserve(kRoom);
      stream_.next_out = reinterpret_cast<Bytef*>(start);
      stream_.avail_out = static_cast<uInt>(kRoom);
      const int result = deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      out.advance_to(start + (kRoom - stream_.avail_out));
      if (result == Z_STREAM_END) {
        return deflateReset(&stream_) == Z_OK ? Status() : failure();
      }
      if (result != Z_OK && result != Z_BUF_ERROR) return failure();
      if (!last && stream_.avail_out != 0) return {};
    }
  }

 private:
  static Status failure() {
    return Status(Code::unavailable, "zlib: the stream is in no good state");
  }

  z_stream stream_{};
  bool usable_ = false;
};

#endif

template <class Encoder>
[[maybe_unused]] std::unique_ptr<StreamEncoder> make_usable() {
  auto encoder = std::make_unique<Encoder>();
  if (!encoder->is_usable()) return nullptr;
  return encoder;
}

}  // namespace

std::string_view suffix_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::none:
      break;
    case Compression::zstd:
      return ".zst";
    case Compression::gzip:
      return ".gz";
  }
  return {};
}

bool is_built_in(Compression compression) noexcept {
#ifdef STOGGER_WITH_ZSTD
  if (compression == Compression::zstd) return true;
#endif
#ifdef STOGGER_WITH_ZLIB
  if (compression == Compression::gzip) return true;
#endif
  return compression == Compression::none;
}

std::unique_ptr<StreamEncoder> make_encoder(
    [[maybe_unused]] Compression compression) {
#ifdef STOGGER_WITH_ZSTD
  if (compression == Compression::zstd) return make_usable<ZstdEncoder>();
#endif
#ifdef STOGGER_WITH_ZLIB
  if (compression == Compression::gzip) return make_usable<GzipEncoder>();
#endif
  return nullptr;
}

}  // namespace stogger
