#include "sinks/parquet/ledger.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "base/uuid.h"
#include "os/file.h"
#include "row/origin.h"
#include "sinks/parquet/disk_file.h"
#include "sinks/parquet/footer_file.h"
#include "sinks/parquet/footer_reader.h"
#include "sinks/parquet/names.h"

namespace stogger {
namespace {

// Queues of which the position is known. A worker has a few at a time.
constexpr std::size_t kMostQueues = 64;
// Of the files beside the one at the path, the newest ones.
constexpr std::size_t kMostFiles = 1000;
// Of "UUID POSITION UUID POSITION ..."; -1 if the queue is not in it.
std::int64_t position_in(std::string_view ledger, std::string_view queue) {
  const std::size_t at = ledger.find(queue);
  std::int64_t position = -1;
  if (at == std::string_view::npos) return position;
  ledger.remove_prefix(at + queue.size());
  if (ledger.empty() || ledger[0] != ' ') return position;
  std::from_chars(ledger.data() + 1, ledger.data() + ledger.size(), position);
  return position;
}

// X.parquet, X.DATE.parquet, X-NUMBER.parquet: has been at the path, or would
// have been if that had been free.
bool is_named_as(std::string_view name, std::string_view wanted) noexcept {
  const std::size_t stem = stem_size(wanted);
  if (name == wanted) return true;
  return name.size() > wanted.size() &&
         name.starts_with(wanted.substr(0, stem)) &&
         name.ends_with(wanted.substr(stem)) &&
         (name[stem] == '.' || name[stem] == '-');
}

// The newest first. 0, or else errno.
int list_files(const Folder& folder, std::vector<std::string>* files) {
  std::vector<std::string> names;
  if (const int error = folder.list(&names); error != 0) return error;
  std::vector<std::pair<std::int64_t, std::string>> found;
  for (std::string& name : names) {
    struct stat info = {};
    if (is_named_as(name, folder.name()) && folder.look_up(name, &info) &&
        S_ISREG(info.st_mode)) {
      found.emplace_back(info.st_mtim.tv_sec, std::move(name));
    }
  }
  std::sort(found.rbegin(), found.rend());
  if (found.size() > kMostFiles) found.resize(kMostFiles);
  for (auto& [time, name] : found) files->push_back(std::move(name));
  return 0;
}

}  // namespace

Status ParquetLedger::find(const RowBatch& rows, const Folder& folder,
                           std::string_view doomed, std::size_t* stored) {
  *stored = 0;
  const std::string queue = uuid_text(rows.origin->queue);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(),
                   [&](const Entry& entry) { return entry.queue == queue; });
  if (found != entries_.end()) {
    current_ = &*found;
  } else {
    std::int64_t position = -1;
    Status status = look_for(queue, folder, doomed, &position);
    if (!status.ok()) return status;
    if (entries_.size() == kMostQueues) entries_.pop_front();
    current_ = &entries_.emplace_back(Entry{queue, position});
  }
  *stored = count_up_to(rows, current_->position);
  return {};
}

// Finds the highest position in the files, -1 if there is none.
Status ParquetLedger::look_for(const std::string& queue, const Folder& folder,
                               std::string_view doomed,
                               std::int64_t* position) {
  std::vector<std::string> files;
  Status status;
  if (!is_readable(folder, ".", list_files(folder, &files), &status)) {
    return status;
  }
  for (const std::string& name : files) {
    if (name == doomed) continue;
    int error = 0;
    const std::string footer = footer_of(folder, name, &error);
    if (!is_readable(folder, name, error, &status)) {
      if (!status.ok()) return status;
      continue;
    }
    *position =
        std::max(*position, position_in(find_pair(footer, kLedgerPair), queue));
  }
  return status;
}

// Where the disk fails, rows are rather stored twice than never.
bool ParquetLedger::is_readable(const Folder& folder, const std::string& name,
                                int error, Status* status) {
  if (error == 0) return true;
  const std::string what =
      "cannot read " + quoted(folder.path_of(name)) +
      ", which may have rows that an earlier process stored";
  if (is_for_later(error)) {
    *status = file_failure(what, error);
  } else if (!std::exchange(has_reported_, true)) {
    report_ = what + ": " + error_text(error) + "; they may be stored twice";
  }
  return false;
}

void ParquetLedger::take(const RowBatch& rows, std::size_t row) noexcept {
  current_->position = position_of(*rows.origin, row);
}

std::string ParquetLedger::text() const {
  std::string text;
  for (const Entry& entry : entries_) {
    if (entry.position < 0) continue;
    if (!text.empty()) text += ' ';
    text += entry.queue + ' ' + std::to_string(entry.position);
  }
  return text;
}

}  // namespace stogger
