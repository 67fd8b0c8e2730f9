// What is in compressed files.
#pragma once

#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <memory>
#include <string>

namespace stogger {

// All streams of the text; "damaged" if it does not end with one.
inline std::string unzstd(const std::string& bytes) {
  std::string out;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(
      ZSTD_createDCtx(), &ZSTD_freeDCtx);
  ZSTD_inBuffer from = {bytes.data(), bytes.size(), 0};
  std::string room(1 << 16, ' ');
  std::size_t left = 1;
  bool full = true;
  while (from.pos < from.size || full) {
    ZSTD_outBuffer to = {room.data(), room.size(), 0};
    left = ZSTD_decompressStream(context.get(), &to, &from);
    if (ZSTD_isError(left) != 0) return "damaged";
    out.append(room.data(), to.pos);
    full = to.pos == to.size;
  }
  return left == 0 ? out : "damaged";
}

inline std::string gunzip(const std::string& path) {
  std::string out;
  std::string room(1 << 16, ' ');
  const gzFile file = gzopen(path.c_str(), "rb");
  int count = 0;
  while ((count = gzread(file, room.data(),
                         static_cast<unsigned>(room.size()))) > 0) {
    out.append(room.data(), static_cast<std::size_t>(count));
  }
  const bool whole = count == 0 && gzclose(file) == Z_OK;
  return whole ? out : "damaged";
}

}  // namespace stogger
