#include "sinks/file/file_options.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/quote.h"
#include "sinks/common/paths.h"

namespace stogger {
namespace {

Compression read_compression(Options& options, Rotation rotation) {
  const std::string_view name =
      options.choice("compress", {"none", "zstd", "gzip"}, "none");
  const Compression compression = name == "zstd"   ? Compression::zstd
                                  : name == "gzip" ? Compression::gzip
                                                   : Compression::none;
  if (!is_built_in(compression)) {
    options.problem(
        "compress",
        quoted(name) +
            " is not possible: this stogger was built "
            "without " +
            (compression == Compression::zstd ? "libzstd" : "zlib"));
  } else if (compression != Compression::none && rotation == Rotation::none) {
    options.problem("compress",
                    "is for files that the option \"rotation\" moves away");
  }
  return compression;
}

}  // namespace

LogFileOptions read_log_file_options(Options& options) {
  LogFileOptions result;
  const std::string path = read_path(options);
  result.path = absolute_path(path);
  result.modes = read_file_modes(options);
  const std::string_view rotation =
      options.choice("rotation", {"none", "size", "daily", "hourly"}, "none");
  if (rotation == "size") result.rotation = Rotation::size;
  if (rotation == "daily") result.rotation = Rotation::daily;
  if (rotation == "hourly") result.rotation = Rotation::hourly;
  result.local_dates =
      options.choice("time", {"utc", "local"}, "utc") == "local";
  result.max_bytes = static_cast<std::uint64_t>(
      options.integer("max_bytes", 10000000, 1, INT64_MAX));
  result.backup_count =
      static_cast<std::size_t>(options.integer("backup_count", 5, 0, 10000));
  result.compression = read_compression(options, result.rotation);
  result.truncate =
      options.choice("mode", {"append", "truncate"},
                     options.for_samples() ? "truncate" : "append") ==
      "truncate";
  result.each_truncates = options.for_samples();
  return result;
}

bool read_in_blocks(Options& options) {
  return options.choice("flush", {"line", "block"}, "line") == "block";
}

}  // namespace stogger
