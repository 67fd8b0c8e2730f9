#include "sinks/csv_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "encode/csv.h"
#include "sinks/paths.h"

namespace stogger {
namespace {

// A larger file is not read from its beginning.
constexpr std::uint64_t kReadWhole = 16 * 1024 * 1024;
constexpr std::uint64_t kTail = 1024 * 1024;
constexpr std::size_t kChunk = 64 * 1024;

class Reader {
 public:
  explicit Reader(const std::string& path) noexcept
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Reader() {
    if (descriptor_ != -1) ::close(descriptor_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool is_open() const noexcept { return descriptor_ != -1; }

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
// line end of its tail, which may be that of a line or lie inside a cell: the
// text after it mostly fits only one of the two.
bool find_whole_lines(Reader& reader, std::uint64_t header, std::uint64_t end,
                      std::uint64_t* whole) {
  if (end <= kReadWhole) return find_whole(reader, header, end, false, whole);
  const std::uint64_t tail = end - kTail;
  const std::size_t line_end = reader.read(tail, kTail).find("\r\n");
  if (line_end == std::string_view::npos) return false;
  const std::uint64_t start = tail + line_end + 2;
  return find_whole(reader, start, end, false, whole) ||
         find_whole(reader, start, end, true, whole);
}

// Call it with the lock held.
Status cut_torn_line(File& file, Reader& reader, std::uint64_t header) {
  const std::uint64_t end = file.size();
  std::uint64_t whole = end;
  if (find_whole_lines(reader, header, end, &whole)) {
    if (whole == end || file.truncate(whole)) return {};
    return Status(Code::unavailable,
                  "the file ends in a torn line, which cannot be cut off: " +
                      error_text(errno));
  }
  // Someone else has written to it, who knows how.
  if (reader.read(end - 1, 1) == "\n") return {};
  std::size_t written = 0;
  return file.write("\r\n", &written);
}

}  // namespace

CsvFile::CsvFile(CsvFileOptions options) : options_(std::move(options)) {}

Status CsvFile::open() {
  if (file_.is_open()) return {};
  Status status = create_parent_folder(options_.path);
  constexpr int kAttempts = 4;
  bool again = true;
  for (int i = 0; i < kAttempts && status.ok() && again; ++i) {
    File file;
    status = open_once(file, &again);
    if (status.ok() && !again) file_ = std::move(file);
  }
  if (status.ok() && again) {
    return Status(Code::unavailable,
                  "other programs keep moving the file while it is opened");
  }
  return status;
}

// Opens the file and sees to it that it is one to add lines to. Sets *again if
// it was moved, by this or another process, so that there may be a new one.
Status CsvFile::open_once(File& file, bool* again) {
  *again = false;
  Status status = file.open_append(options_.path, false);
  if (!status.ok()) return status;
  // A pipe or a terminal gets a header from whoever opens it.
  if (!file.is_regular()) return begin(file);
  if (!file.lock()) {
    return Status(Code::unavailable,
                  "another process keeps the file locked: end it");
  }
  if (!file.is_at(options_.path)) {
    *again = true;
    return {};
  }
  if (options_.truncate && is_first_opening(options_.path)) file.truncate(0);
  Content content = Content::ready;
  status = inspect(file, &content);
  if (status.ok() && content == Content::other_columns) {
    status = set_aside();
    *again = true;
  }
  file.unlock();
  return status;
}

Status CsvFile::begin(File& file) const {
  std::size_t written = 0;
  Status status = file.write(options_.header, &written);
  if (!status.ok() && file.is_regular()) file.truncate(0);
  return status;
}

// Call it with the lock held.
Status CsvFile::inspect(File& file, Content* content) const {
  if (file.size() == 0) return begin(file);
  Reader reader(options_.path);
  if (!reader.is_open()) {
    return Status(
        Code::unavailable,
        "cannot read the first line of the file: " + error_text(errno));
  }
  const std::string_view header = options_.header;
  const std::string_view start = reader.read(0, header.size());
  if (start == header) return cut_torn_line(file, reader, header.size());
  if (start.size() < header.size() && header.starts_with(start)) {
    // Whoever began the file died over it.
    file.truncate(0);
    return begin(file);
  }
  *content = Content::other_columns;
  return {};
}

// Call it with the lock held.
Status CsvFile::set_aside() {
  // Two programs that want different columns would do this all the time.
  constexpr std::int64_t kMinute = 60000000000;
  const Time now = options_.clock->now();
  if (has_set_aside_ && now.ns - set_aside_at_.ns < kMinute) {
    return Status(Code::unavailable,
                  "another program writes different columns to the file: give "
                  "each a path of its own");
  }
  std::filesystem::path path(options_.path);
  const std::string extension = path.extension().string();
  const std::string name =
      dated_name(path.replace_extension().string() + ".", now, extension);
  if (::rename(options_.path.c_str(), name.c_str()) != 0) {
    return Status(Code::unavailable,
                  "the file has other columns, and cannot be renamed to " +
                      quoted(name) + ": " + error_text(errno));
  }
  has_set_aside_ = true;
  set_aside_at_ = now;
  return {};
}

Status CsvFile::append(std::string_view lines) {
  if (file_.is_regular() && !file_.lock()) {
    return Status(Code::unavailable,
                  "another process keeps the file locked: end it");
  }
  std::size_t written = 0;
  Status status = file_.write(lines, &written);
  if (file_.is_regular()) {
    const std::uint64_t end = file_.position();
    if (!status.ok() && written > 0 && file_.size() == end) {
      file_.truncate(end - written);
    }
    file_.unlock();
  }
  return status;
}

}  // namespace stogger
