#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quote.h"
#include "base/timestamp.h"
#include "base/uuid.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/record_line.h"
#include "os/folder.h"
#include "spool/spool_reader.h"

namespace stogger {
namespace {

using RingUse = SpoolReader::RingUse;

// Names in a folder, in order. False if it cannot be read.
Status list_folder(const std::string& path, std::vector<std::string>* names) {
  Folder folder;
  Status status = folder.open(path + "/any", {}, false);
  if (!status.ok()) return status;
  *names = folder.names();
  std::sort(names->begin(), names->end());
  return {};
}

std::string count_of(std::uint64_t count, std::string_view what) {
  return std::to_string(count).append(" ").append(what).append(
      count == 1 ? "" : "s");
}

// Of a ring that is not read, what is to be said; and whether events are lost.
std::string ring_note(const SpoolReader& queue, bool* is_damage) {
  *is_damage = false;
  switch (queue.ring()) {
    case RingUse::read:
      return {};
    case RingUse::in_use:
      return "the queue is in use: its ring is not read";
    case RingUse::missing:
      *is_damage = true;
      return "there is no ring; if it lies elsewhere, give its folder as "
             "--ring-dir";
    case RingUse::damaged:
      *is_damage = true;
      return "the ring is damaged, and the events in it are lost";
    case RingUse::before_boot:
      *is_damage = queue.ring_bytes() != 0;
      return "the machine was started again: the ring is not read, of which " +
             count_of(queue.ring_bytes(), "byte") + " waited";
  }
  return {};
}

// Of a queue that cannot be looked at, prints why, and sets the exit code.
bool open_queue(SpoolReader& queue, const std::string& path, int* result) {
  const Status status = queue.open(path);
  if (status.ok() && queue.owner_text() != OwnerText::newer) return true;
  *result = status.ok() || status.code() == Code::invalid ? kExitData
                                                          : kExitUnavailable;
  print_line(status.ok() ? quoted(path) +
                               " was made by a later version of stogger; "
                               "use that to read it"
                         : std::string(status.message()),
             stderr);
  return false;
}

std::string_view state_of(const SpoolReader& queue) {
  if (queue.is_in_use()) return "in-use";
  if (queue.owner_text() == OwnerText::damaged) return "damaged";
  bool is_damage = false;
  static_cast<void>(ring_note(queue, &is_damage));
  if (is_damage) return "damaged";
  return queue.is_copy() ? "copy" : "left";
}

void list_queue(const std::string& path, const std::string& ring_dir) {
  SpoolReader queue(ring_dir);
  const Status status = queue.open(path);
  if (!status.ok()) {
    const bool is_none = status.code() == Code::invalid;
    return print_line("path=" + quoted(path) +
                      " state=" + (is_none ? "foreign" : "unreadable"));
  }
  if (queue.owner_text() == OwnerText::newer) {
    return print_line("path=" + quoted(path) + " state=newer");
  }
  std::string line = "path=" + quoted(path);
  if (queue.owner_text() == OwnerText::read) {
    line = "sink=" + quoted(queue.owner().sink) +
           " queue=" + uuid_text(queue.queue()) +
           " program=" + quoted(queue.owner().program) +
           " type=" + quoted(queue.owner().type);
  }
  line.append(" state=").append(state_of(queue));
  line += " segment_bytes=" + std::to_string(queue.segment_bytes());
  if (queue.ring() == RingUse::read) {
    line += " ring_bytes=" + std::to_string(queue.ring_bytes());
  }
  QueueRecord record;
  std::string problem;
  if (queue.next(&record, &problem)) {
    char time[kTimestampSize];
    write_timestamp(time, Time{record_start(record.bytes).time_ns});
    line.append(" oldest=").append(time, sizeof time);
  }
  print_line(line);
}

// Reads a queue to its end, or up to `most` events, and calls visit() with the
// line of each. Prints what is damaged. Whether nothing was.
template <class Visit>
bool read_events(SpoolReader& queue, std::uint64_t most, std::FILE* problems,
                 Visit visit) {
  bool is_whole = true;
  const auto report_damage = [&](const std::string& what) {
    is_whole = false;
    print_line("damage: " + what, problems);
  };
  RecordLine line;
  QueueRecord record;
  for (std::uint64_t count = 0; count < most;) {
    std::string problem;
    const bool found = queue.next(&record, &problem);
    if (!problem.empty()) report_damage(problem);
    if (!found) break;
    if (line.read(record.bytes)) {
      visit(line.text());
      ++count;
    } else {
      report_damage("the record that ends at " +
                    std::to_string(record.position) +
                    " is neither an event nor a sample");
    }
  }
  return is_whole;
}

// Prints what is to be said of a ring that is not read. Whether it is whole.
bool print_ring_note(const SpoolReader& queue, std::FILE* out) {
  bool is_damage = false;
  const std::string note = ring_note(queue, &is_damage);
  if (!note.empty()) print_line((is_damage ? "damage: " : "") + note, out);
  return !is_damage;
}

}  // namespace

int list_spool(const std::string& spool_dir, const std::string& ring_dir) {
  std::vector<std::string> sinks;
  const Status status = list_folder(spool_dir, &sinks);
  if (!status.ok()) {
    print_line(status.message(), stderr);
    return kExitUnavailable;
  }
  for (const std::string& sink : sinks) {
    const std::string path = spool_dir + "/" + sink;
    std::vector<std::string> queues;
    if (!list_folder(path, &queues).ok()) {
      print_line("path=" + quoted(path) + " state=foreign");
    }
    for (const std::string& queue : queues) {
      list_queue(path + "/" + queue, ring_dir);
    }
  }
  return kExitOk;
}

int verify_queue(const std::string& path, const std::string& ring_dir) {
  int result = kExitOk;
  SpoolReader queue(ring_dir);
  if (!open_queue(queue, path, &result)) return result;
  std::uint64_t events = 0;
  bool is_whole = print_ring_note(queue, stdout);
  if (queue.owner_text() == OwnerText::damaged) {
    print_line("damage: the lock file does not say whose queue it is");
    is_whole = false;
  }
  const std::uint64_t most = UINT64_MAX;
  is_whole =
      read_events(queue, most, stdout, [&](std::string_view) { ++events; }) &&
      is_whole;
  print_line(count_of(events, "event") + ", " +
             count_of(queue.segment_bytes(), "byte") + " in segments, " +
             count_of(queue.ring_bytes(), "byte") + " in the ring");
  return is_whole ? kExitOk : kExitFailed;
}

int show_queue(const std::string& path, const std::string& ring_dir,
               std::uint64_t most) {
  int result = kExitOk;
  SpoolReader queue(ring_dir);
  if (!open_queue(queue, path, &result)) return result;
  const bool is_whole = print_ring_note(queue, stderr);
  const bool is_read = read_events(queue, most, stderr,
                                   [](std::string_view line) { print(line); });
  return is_whole && is_read ? kExitOk : kExitFailed;
}

}  // namespace stogger
