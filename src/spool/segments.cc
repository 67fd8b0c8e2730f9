#include "spool/segments.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/quote.h"
#include "os/file.h"
#include "os/signals.h"

namespace stogger {
namespace {

constexpr std::string_view kSuffix = ".segment";
constexpr std::string_view kCopySuffix = ".copy";
constexpr std::string_view kDamagedSuffix = ".damaged";
constexpr std::size_t kNameDigits = 16;
constexpr mode_t kSegmentMode = 0600;
constexpr std::size_t kMostAtOnce = 8;  // files that are open to be synced
constexpr std::size_t kCopiedAtOnce = std::size_t{256} << 10;
constexpr std::size_t kKeptPending = std::size_t{2} << 20;

// 0, or else errno.
int write_all(int file, std::string_view bytes) noexcept {
  const WriteSignal no_signal(SIGXFSZ);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      if (error == EFBIG) no_signal.consume();
      return error;
    }
    if (written == 0) return ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// So many bytes of it. 0, or else errno.
int copy_file(const Folder& folder, const std::string& name, std::uint64_t size,
              int to) {
  int descriptor = -1;
  int error = 0;
  if (!folder
           .open_file(name, O_RDONLY, Folder::Creation::never, 0, &descriptor,
                      &error)
           .ok()) {
    return error != 0 ? error : EIO;
  }
  const Descriptor from(descriptor);
  std::string part(kCopiedAtOnce, '\0');
  for (std::uint64_t at = 0; at < size;) {
    const ssize_t got =
        ::pread(from.get(), part.data(),
                static_cast<std::size_t>(
                    std::min<std::uint64_t>(part.size(), size - at)),
                static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : EIO;
    const auto bytes = static_cast<std::size_t>(got);
    if (error = write_all(to, {part.data(), bytes}); error != 0) return error;
    at += bytes;
  }
  return 0;
}

void add_problem(std::string* problem, const std::string& what) {
  if (!problem->empty()) *problem += "; ";
  *problem += what;
}

constexpr std::size_t aligned(std::size_t size) noexcept {
  return (size + 7) & ~std::size_t{7};
}

}  // namespace

// Records are as aligned as they were. Their memory may be another one then.
void QueueBatch::add(const QueueRecord& record) {
  const std::size_t size = record.bytes.size();
  records.reserve(records.size() + 1);
  const char* const before = bytes.data();
  char* const room = bytes.reserve(aligned(size));
  if (size != 0) std::memcpy(room, record.bytes.data(), size);
  bytes.advance_to(room + aligned(size));
  records.push_back({std::as_bytes(std::span(room, size)), record.position});
  if (before == bytes.data()) return;
  std::size_t at = 0;
  for (QueueRecord& other : records) {
    const std::size_t length = other.bytes.size();
    other.bytes = std::as_bytes(std::span(bytes.data() + at, length));
    at += aligned(length);
  }
}

std::string Segments::name_of(std::uint64_t first) {
  char digits[kNameDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(first));
  return std::string(digits) + std::string(kSuffix);
}

Status Segments::find() {
  files_.clear();
  std::vector<std::string> names;
  if (const int error = folder_.list(&names); error != 0) {
    return Status(Code::unavailable, "cannot read " +
                                         quoted(folder_.path_of("")) + ": " +
                                         error_advice(error));
  }
  for (const std::string& name : names) {
    // Of one that was to be written again, when its writer was killed.
    if (name.ends_with(kCopySuffix) && access_ == Access::own) {
      static_cast<void>(folder_.remove(name));
    }
    File file;
    struct stat info;
    if (name.size() != kNameDigits + kSuffix.size() ||
        !name.ends_with(kSuffix) ||
        std::from_chars(name.data(), name.data() + kNameDigits, file.first, 16)
                .ptr != name.data() + kNameDigits ||
        !folder_.look_up(name, &info)) {
      continue;
    }
    file.size = static_cast<std::uint64_t>(info.st_size);
    files_.push_back(file);
  }
  std::sort(files_.begin(), files_.end(),
            [](const File& a, const File& b) { return a.first < b.first; });
  // Of some, the writer was killed before there was a record in it.
  for (std::size_t i = files_.size(); i-- > 0;) {
    const bool has_successor =
        i + 1 == files_.size() ||
        position_of(files_[i]) == position_of(files_[i + 1]);
    if (has_successor && files_[i].size <= kSegmentHeadSize) {
      files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  last_ = files_.empty() ? 0 : kUnknown;
  found_.clear();
  for (const File& file : files_) found_.push_back(file.first);
  return {};
}

// The last file may have records behind the position, if its writer was killed:
// the next one has them, too, and needs another name.
void Segments::go_on_after(std::uint64_t position) noexcept {
  written_ = position;
  while (std::any_of(files_.begin(), files_.end(), [this](const File& file) {
    return file.first == written_;
  })) {
    ++written_;
  }
}

std::uint64_t Segments::bytes() const noexcept {
  std::uint64_t sum = pending_.size();
  for (const File& file : files_) sum += file.size;
  return sum;
}

void Segments::close_files() noexcept {
  if (out_ != nullptr) out_->reset();
  reader_.close();
}

// Writing.

Status Segments::cannot_write(const std::string& name, int error) const {
  return Status(Code::unavailable, "cannot write " +
                                       quoted(folder_.path_of(name)) + ": " +
                                       error_advice(error));
}

void Segments::add(const QueueRecord& record) {
  append_segment_record(pending_, record);
  pending_last_ = record.position;
}

Status Segments::begin_file() {
  Buffer head;
  append_segment_head(head, queue_, written_);
  const std::string name = name_of(written_);
  auto out = std::make_shared<Descriptor>();
  int file = -1;
  int error = 0;
  Status status =
      folder_.open_file(name, O_WRONLY | O_APPEND, Folder::Creation::always_new,
                        kSegmentMode, &file, &error);
  if (!status.ok()) {
    if (error == EEXIST) begin_anew();
    return status;
  }
  out->reset(file);
  error = write_all(file, head.view());
  if (error != 0) {
    static_cast<void>(folder_.remove(name));
    return cannot_write(name, error);
  }
  files_.push_back({written_, head.size()});
  out_ = std::move(out);
  return {};
}

// The next file gets another name than one that was given up, also if there is
// no record in that.
void Segments::begin_anew() noexcept {
  out_.reset();
  ++written_;
}

Status Segments::flush() {
  if (pending_.empty()) return {};
  if (out_ == nullptr || files_.back().size >= file_size_) {
    out_.reset();
    Status begun = begin_file();
    if (!begun.ok()) return begun;
  }
  File& file = files_.back();
  if (unsynced_.empty() || unsynced_.back().file != out_) {
    unsynced_.push_back({file.first, out_});
  }
  const int error = write_all(out_->get(), pending_.view());
  if (error != 0) {
    // A part may be there.
    if (::ftruncate(out_->get(), static_cast<off_t>(file.size)) != 0) {
      begin_anew();
    }
    return cannot_write(name_of(file.first), error);
  }
  file.size += pending_.size();
  last_ = written_ = pending_last_;
  pending_.recycle(kKeptPending);
  return {};
}

// Syncing, and writing again.

// The latest first: those before them are more likely to be on the disk.
std::vector<Segments::Unsynced> Segments::take_unsynced() {
  unsynced_.reserve(kMostAtOnce);
  while (!found_.empty() && unsynced_.size() < kMostAtOnce) {
    const std::uint64_t first = found_.back();
    auto found = std::make_shared<Descriptor>();
    int file = -1;
    int error = 0;
    const bool is_there =
        folder_
            .open_file(name_of(first), O_RDONLY, Folder::Creation::never, 0,
                       &file, &error)
            .ok();
    found->reset(file);
    if (is_there) unsynced_.push_back({first, std::move(found)});
    found_.pop_back();
  }
  return std::exchange(unsynced_, {});
}

Status Segments::rewrite() {
  while (!not_synced_.empty()) {
    const std::uint64_t first = *not_synced_.begin();
    const auto found =
        std::find_if(files_.begin(), files_.end(),
                     [&](const File& file) { return file.first == first; });
    // It may be done with by now.
    if (found != files_.end()) {
      unsynced_.reserve(unsynced_.size() + 1);
      Status status =
          rewrite_file(static_cast<std::size_t>(found - files_.begin()));
      if (!status.ok()) return status;
    }
    not_synced_.erase(first);
  }
  return {};
}

// A copy takes its place. Whoever is killed meanwhile leaves one of the two.
Status Segments::rewrite_file(std::size_t index) {
  const std::string name = name_of(files_[index].first);
  const std::string copy = name + std::string(kCopySuffix);
  auto out = std::make_shared<Descriptor>();
  int file = -1;
  int error = 0;
  static_cast<void>(folder_.remove(copy));  // of an attempt before
  Status status =
      folder_.open_file(copy, O_WRONLY | O_APPEND, Folder::Creation::always_new,
                        kSegmentMode, &file, &error);
  if (!status.ok()) return status;
  out->reset(file);
  error = copy_file(folder_, name, files_[index].size, file);
  if (error == 0) error = folder_.rename(copy, name);
  if (error != 0) {
    static_cast<void>(folder_.remove(copy));
    return cannot_write(copy, error);
  }
  unsynced_.push_back({files_[index].first, out});
  // What is added from now on is in the copy alone.
  if (reader_.first() == files_[index].first) reader_.close();
  if (out_ != nullptr && index + 1 == files_.size()) out_ = std::move(out);
  return {};
}

// Reading.

// True if the file is there; else *failed says what becomes of the call, or it
// is none, and the file is not one of them any more.
bool Segments::open_reader(std::size_t index, std::string* problem,
                           Read* failed) {
  const std::string name = name_of(files_[index].first);
  *failed = Read::none;
  switch (reader_.open(folder_, name, queue_, files_[index].first)) {
    case SegmentReader::Opened::yes:
      return true;
    case SegmentReader::Opened::gone:
      lose(index, "is gone", problem);
      return false;
    case SegmentReader::Opened::foreign:
      lose(index, "is no segment of this queue", problem);
      return false;
    case SegmentReader::Opened::not_now:
      break;
  }
  const std::string why = error_advice(errno);
  add_problem(problem,
              "cannot read " + quoted(folder_.path_of(name)) + ": " + why);
  *failed = Read::not_now;
  return false;
}

// The next bytes are no records.
void Segments::leave_out(std::string* problem) {
  std::string what = std::to_string(reader_.damage().size()) + " bytes of " +
                     quoted(folder_.path_of(name_of(reader_.first()))) +
                     " are damaged";
  if (access_ == Access::own) what += "; they are kept as " + keep_damage();
  add_problem(problem, what + ", and the events in them are lost");
  reader_.leave_out_damage();
}

// The name of a file that has them.
std::string Segments::keep_damage() {
  const std::string kept = name_of(reader_.first()).substr(0, kNameDigits) +
                           "-" + std::to_string(reader_.offset()) +
                           std::string(kDamagedSuffix);
  int file = -1;
  int error = 0;
  if (folder_
          .open_file(kept, O_WRONLY, Folder::Creation::always_new, kSegmentMode,
                     &file, &error)
          .ok()) {
    const Descriptor owned(file);
    const std::span<const std::byte> damage = reader_.damage();
    static_cast<void>(write_all(
        file, {reinterpret_cast<const char*>(damage.data()), damage.size()}));
  }
  return quoted(kept);
}

// The file is given up, and kept under another name, if it is there. To whoever
// looks on, it is no loss that the owner has removed it.
void Segments::lose(std::size_t index, const std::string& why,
                    std::string* problem) {
  const std::string name = name_of(files_[index].first);
  const bool is_there = folder_.exists(name);
  if (access_ == Access::own || is_there) {
    add_problem(problem, quoted(folder_.path_of(name)) + " " + why +
                             "; the events in it are lost");
  }
  if (access_ == Access::own && is_there) {
    const std::string kept =
        name.substr(0, kNameDigits) + std::string(kDamagedSuffix);
    static_cast<void>(folder_.rename_to_new(name, kept));
  }
  if (index + 1 == files_.size()) begin_anew();
  files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  reader_.close();
}

// Whether all records up to the next file, or the ring, were read. A file
// begins where the record before it ends, or earlier, if its writer did not
// know how far another one had come.
bool Segments::is_complete(std::size_t index) const noexcept {
  if (index + 1 < files_.size()) {
    return reader_.last() >= position_of(files_[index + 1]);
  }
  return last_ == kUnknown || reader_.last() >= last_;
}

Segments::Read Segments::read_file(std::size_t index, std::uint64_t after,
                                   std::size_t most_rows,
                                   std::size_t most_bytes, QueueBatch* batch,
                                   std::string* problem) {
  QueueRecord record;
  while (batch->records.size() < most_rows &&
         batch->bytes.size() < most_bytes) {
    switch (reader_.next(&record)) {
      case SegmentReader::Next::record:
        if (record.position > after) batch->add(record);
        break;
      case SegmentReader::Next::torn:
        // Its writer was killed, or failed, and what was to come is elsewhere.
        if (is_complete(index)) return Read::none;
        leave_out(problem);
        break;
      case SegmentReader::Next::damaged:
        leave_out(problem);
        break;
      case SegmentReader::Next::end:
        return Read::none;
      case SegmentReader::Next::not_now: {
        const std::string why = error_advice(errno);
        add_problem(problem,
                    "cannot read " +
                        quoted(folder_.path_of(name_of(reader_.first()))) +
                        ": " + why);
        return Read::not_now;
      }
    }
  }
  return Read::some;
}

Segments::Read Segments::read(std::uint64_t after, std::size_t most_rows,
                              std::size_t most_bytes, QueueBatch* batch,
                              std::string* problem) {
  std::size_t index = 0;
  while (index + 1 < files_.size() && end_of(index) <= after) ++index;
  while (index < files_.size()) {
    const bool is_last = index + 1 == files_.size();
    // What was read, and is wanted again, is read from the start.
    const bool is_open =
        reader_.is_open() && reader_.first() == files_[index].first &&
        (reader_.last() <= after || reader_.last() == reader_.first());
    Read result = Read::none;
    if (!is_open && !open_reader(index, problem, &result)) {
      if (result == Read::not_now) return result;
      if (is_last) last_ = after;
      continue;
    }
    try {
      result = read_file(index, after, most_rows, most_bytes, batch, problem);
    } catch (...) {
      reader_.close();
      throw;
    }
    if (!batch->records.empty()) return Read::some;
    if (result == Read::not_now) return result;
    if (!is_complete(index)) {
      add_problem(problem,
                  "events are missing in " +
                      quoted(folder_.path_of(name_of(files_[index].first))));
      if (is_last) begin_anew();
    }
    if (is_last) {
      last_ = reader_.last();  // what comes next is in the ring
      return Read::none;
    }
    ++index;
  }
  return Read::none;
}

void Segments::remove_through(std::uint64_t position) {
  while (!files_.empty() && end_of(0) <= position) remove_oldest();
}

void Segments::remove_oldest() {
  const File file = files_.front();
  if (access_ == Access::own) {
    static_cast<void>(folder_.remove(name_of(file.first)));
  }
  if (files_.size() == 1) out_.reset();
  if (reader_.first() == file.first) reader_.close();
  files_.pop_front();
}

}  // namespace stogger
