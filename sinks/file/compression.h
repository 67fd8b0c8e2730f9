// Compression of rotated files: zstd and gzip, as far as this library was built
// with them.
#pragma once

#include <memory>
#include <string_view>

#include "base/buffer.h"
#include "stogger/status.h"

namespace stogger {

enum class Compression : unsigned char { none, zstd, gzip };

// ".zst", ".gz".
std::string_view suffix_of(Compression compression) noexcept;
// Of all that there are, built in or not.
inline constexpr std::string_view kCompressedSuffixes[] = {".gz", ".zst"};

bool is_built_in(Compression compression) noexcept;

// Turns bytes into a stream of zstd or gzip.
class StreamEncoder {
 public:
  StreamEncoder() = default;
  virtual ~StreamEncoder() = default;
  StreamEncoder(const StreamEncoder&) = delete;
  StreamEncoder& operator=(const StreamEncoder&) = delete;

  // Adds to `out` what becomes of the bytes, or of some that came before. With
  // `last`, the stream ends. What comes then is a stream of its own: one behind
  // the other, they are read as one. May throw std::bad_alloc.
  virtual Status add(std::string_view bytes, bool last, Buffer& out) = 0;
};

// Null if it is not built in, or if there is no memory.
std::unique_ptr<StreamEncoder> make_encoder(Compression compression);

}  // namespace stogger
