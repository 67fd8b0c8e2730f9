#include "sinks/csv/csv_content.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "format/csv.h"
#include "os/descriptor.h"

namespace stogger {
namespace {

// A larger file is not read from its beginning.
constexpr std::uint64_t kReadWhole = 16 * 1024 * 1024;
// Longer than any cell.
constexpr std::uint64_t kTail = 4 * 1024 * 1024;
constexpr std::size_t kChunk = 64 * 1024;

class Reader {
 public:
  explicit Reader(int descriptor) noexcept : descriptor_(descriptor) {}

  // What lies at `offset`: up to `most` bytes, fewer only at the end. Valid
  // until the next call.
  std::string_view read(std::uint64_t offset, std::size_t most) {
    chunk_.resize(std::max(chunk_.size(), most));
    std::size_t size = 0;
    while (size < most) {
      const ssize_t count =
          ::pread(descriptor_, chunk_.data() + size, most - size,
                  static_cast<off_t>(offset + size));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      size += static_cast<std::size_t>(count);
    }
    return {chunk_.data(), size};
  }

 private:
  const int descriptor_;
  std::vector<char> chunk_;
};

// Finds the end of the last whole line from `start` on, where a line begins or,
// with `inside_quotes`, a quoted cell goes on. False if there is none or if the
// text is not CSV.
bool find_whole(Reader& reader, std::uint64_t start, std::uint64_t end,
                bool inside_quotes, std::uint64_t* whole) {
  CsvScanner scanner(inside_quotes);
  for (std::uint64_t at = start; at < end; at += kChunk) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, end - at));
    if (!scanner.scan(reader.read(at, size))) return false;
  }
  *whole = start + scanner.whole();
  return scanner.whole() != 0 || !inside_quotes;
}

// As above, for the whole file. In a large one the search starts at the first
// line end of its tail, which may be that of a line or lie inside a cell. The
// text after it fits one of the two, or both if somebody saw to that: nothing
// is known then.
bool find_whole_lines(Reader& reader, std::uint64_t header, std::uint64_t end,
                      std::uint64_t* whole) {
  if (end <= kReadWhole) return find_whole(reader, header, end, false, whole);
  const std::uint64_t tail = end - kTail;
  const std::size_t line_end = reader.read(tail, kTail).find("\r\n");
  if (line_end == std::string_view::npos) return false;
  const std::uint64_t start = tail + line_end + 2;
  std::uint64_t whole_inside = 0;
  const bool outside = find_whole(reader, start, end, false, whole);
  const bool inside = find_whole(reader, start, end, true, &whole_inside);
  if (!outside && inside) *whole = whole_inside;
  return outside != inside;
}

Status cut_torn_line(File& file, Reader& reader, std::uint64_t header) {
  const std::uint64_t end = file.size();
  std::uint64_t whole = end;
  if (find_whole_lines(reader, header, end, &whole)) {
    if (whole == end || file.truncate(whole)) return {};
    return Status(Code::unavailable,
                  "the file ends in a torn line, which cannot be cut off: " +
                      error_text(errno));
  }
  // Another program has written to it.
  if (reader.read(end - 1, 1) == "\n") return {};
  std::size_t written = 0;
  return file.write("\r\n", &written);
}

Status open_to_read(const Folder& folder, Descriptor* descriptor) {
  int file = -1;
  int error = 0;
  Status status = folder.open_file(folder.name(), O_RDONLY,
                                   Folder::Creation::never, 0, &file, &error);
  descriptor->reset(file);
  if (status.ok()) return status;
  return Status(status.code(), "cannot read the first line of the file: " +
                                   std::string(status.message()));
}

}  // namespace

Status read_csv_content(const Folder& folder, std::string_view header,
                        CsvContent* content) {
  Descriptor file;
  Status status = open_to_read(folder, &file);
  if (!status.ok()) return status;
  Reader reader(file.get());
  const std::string_view start = reader.read(0, header.size());
  if (start == header) {
    *content = CsvContent::lines;
  } else if (header.starts_with(start)) {
    // Whoever began the file died over it.
    *content = CsvContent::nothing;
  } else {
    *content = CsvContent::other;
  }
  return {};
}

Status cut_torn_csv_line(const Folder& folder, std::string_view header,
                         File& file) {
  Descriptor descriptor;
  Status status = open_to_read(folder, &descriptor);
  if (!status.ok()) return status;
  if (!file.is(descriptor.get())) {
    return Status(Code::unavailable, "the file was replaced while it was read");
  }
  Reader reader(descriptor.get());
  return cut_torn_line(file, reader, header.size());
}

}  // namespace stogger
