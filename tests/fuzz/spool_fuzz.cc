// The folder of a queue, damaged in any way: looking at it changes nothing, and
// finds what taking it over finds; both end. Of files in which only single
// bytes were changed, every record that was not touched is found.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "spool/segment.h"
#include "spool/spool_reader.h"
#include "tests/support/made_queue.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tree.h"

namespace stogger {
namespace {

namespace fs = std::filesystem;

void check(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", rule);
  std::abort();
}

struct Found {
  std::uint64_t position;
  std::string bytes;

  auto operator<=>(const Found&) const = default;
};
using AllFound = std::vector<Found>;

// More than all that fits into the files of one input.
constexpr std::size_t kMostRecords = 100000;

void add(AllFound* all, const QueueRecord& record) {
  check(all->empty() || all->back().position < record.position,
        "positions grow");
  check(all->size() < kMostRecords, "reading ends");
  all->push_back({record.position,
                  {reinterpret_cast<const char*>(record.bytes.data()),
                   record.bytes.size()}});
}

// No part of it looks like a record, however it is cut.
std::string payload(std::size_t number, std::size_t size) {
  std::string text = std::to_string(number) + " is the number of this record;";
  while (text.size() < size) text += text;
  text.resize(size);
  return text;
}

class SpoolFuzz {
 public:
  SpoolFuzz(const std::uint8_t* bytes, std::size_t size) : data_(bytes, size) {}

  void run() {
    make();
    const int changes = data_.ConsumeIntegralInRange(0, 6);
    for (int i = 0; i < changes; ++i) change();
    const auto before = tree_of(queue_);
    const AllFound looked_at = look();
    check(tree_of(queue_) == before, "looking changes nothing");
    check_untouched(looked_at);
    take_over(looked_at);
  }

 private:
  void make() {
    MadeQueue queue(spool_.path());
    const int count = data_.ConsumeIntegralInRange(0, 30);
    for (int i = 0; i < count; ++i) {
      // All of them fit into the ring, each with one that is only begun.
      const auto size = data_.ConsumeIntegralInRange<std::size_t>(1, 1000);
      if (data_.ConsumeIntegralInRange(0, 15) == 0) queue.begin(size);
      queue.add(as_bytes(payload(static_cast<std::size_t>(i), size)));
      if (data_.ConsumeIntegralInRange(0, 7) == 0) queue.spill();
      if (data_.ConsumeIntegralInRange(0, 15) == 0) queue.deliver(2);
    }
    queue_ = queue.path();
    id_ = queue.id();
    queue.let_go();
    made_ = look();
  }

  std::string some_file() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(queue_)) {
      names.push_back(entry.path());
    }
    std::sort(names.begin(), names.end());
    return names[data_.ConsumeIntegralInRange<std::size_t>(0,
                                                           names.size() - 1)];
  }

  void change() {
    const std::string path = some_file();
    std::string bytes = read_file(path);
    switch (data_.ConsumeIntegralInRange(0, 6)) {
      case 0:
        bytes = data_.ConsumeRandomLengthString(4096);
        break;
      case 1:
        bytes.resize(
            data_.ConsumeIntegralInRange<std::size_t>(0, bytes.size()));
        break;
      case 2:
        bytes += data_.ConsumeRandomLengthString(100);
        break;
      case 3:
        return add_segment();
      case 4:
        return change_field();
      default:
        return flip(path, bytes);
    }
    is_only_flipped_ = false;
    write_file(path, bytes);
  }

  void flip(const std::string& path, std::string& bytes) {
    if (bytes.empty()) return;
    // The first page of a ring is the one that matters.
    const std::size_t most = std::min<std::size_t>(bytes.size(), 8192);
    const auto at = data_.ConsumeIntegralInRange<std::size_t>(0, most - 1);
    const auto bits = data_.ConsumeIntegralInRange(1, 255);
    bytes[at] = static_cast<char>(bytes[at] ^ bits);
    if (path.ends_with(".segment")) {
      flipped_[path].insert(at);
    } else {
      is_only_flipped_ = false;
    }
    write_file(path, bytes);
  }

  // Of the header of the ring, with a number that may be near to a right one.
  void change_field() {
    is_only_flipped_ = false;
    constexpr std::size_t kFields[] = {8,    64,   72,   128, 136,
                                       1032, 1048, 1088, 1096};
    const std::size_t at = data_.PickValueInArray(kFields);
    std::string bytes = read_file(queue_ + "/ring");
    if (bytes.size() < at + 8) return;
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + at, 8);
    number = data_.ConsumeBool()
                 ? number + data_.ConsumeIntegral<std::uint16_t>()
                 : data_.ConsumeIntegral<std::uint64_t>();
    std::memcpy(bytes.data() + at, &number, 8);
    write_file(queue_ + "/ring", bytes);
  }

  // One whose checksums are right, with any positions.
  void add_segment() {
    is_only_flipped_ = false;
    may_overlap_ = true;
    const auto position = [&] {
      return data_.ConsumeBool() ? data_.ConsumeIntegral<std::uint64_t>()
                                 : data_.ConsumeIntegral<std::uint16_t>();
    };
    const std::uint64_t first = position();
    Buffer segment;
    QueueId id = id_;
    if (data_.ConsumeBool()) id[15] ^= 1;
    append_segment_head(segment, data_.ConsumeBool() ? id : id_, first);
    for (int i = data_.ConsumeIntegralInRange(0, 5); i > 0; --i) {
      const std::string bytes = data_.ConsumeRandomLengthString(100);
      append_segment_record(segment, {as_bytes(bytes), position()});
    }
    char name[40];
    std::snprintf(name, sizeof name, "/%016llx.segment",
                  static_cast<unsigned long long>(first));
    write_file(queue_ + name, segment.view());
  }

  AllFound look() {
    AllFound all;
    SpoolReader reader("");
    if (!reader.open(queue_).ok()) return all;
    QueueRecord record;
    std::string problem;
    while (reader.next(&record, &problem)) add(&all, record);
    is_newer_ = reader.owner_text() == OwnerText::newer;
    return all;
  }

  // Which records of a segment that was made here a changed byte is in.
  void check_untouched(const AllFound& found) {
    if (!is_only_flipped_) return;
    AllFound expected = made_;
    for (const auto& [path, offsets] : flipped_) {
      std::string bytes = read_file(path);
      if (*offsets.begin() < 36) return;  // a head: all of it may be gone
      std::size_t at = kSegmentHeadSize;
      std::uint64_t after = 0;
      QueueRecord record;
      std::size_t size = 0;
      // What is damaged is not found here; so what is, was not touched.
      std::set<std::uint64_t> whole;
      const auto rest = [&] { return as_bytes(bytes).subspan(at); };
      while (at < bytes.size()) {
        if (read_segment_record(rest(), after, &record, &size) ==
            SegmentPart::record) {
          whole.insert(record.position);
          at += size;
        } else {
          at += 8;
        }
      }
      const auto range = range_of(path);
      std::erase_if(expected, [&](const Found& one) {
        return one.position > range.first && one.position <= range.second &&
               !whole.contains(one.position);
      });
    }
    for (const Found& one : expected) {
      check(std::binary_search(found.begin(), found.end(), one),
            "a record that was not touched is found");
    }
  }

  // Between which positions the records of a segment end: the next one, and if
  // there is none the ring, begins behind them.
  std::pair<std::uint64_t, std::uint64_t> range_of(const std::string& path) {
    std::vector<std::uint64_t> firsts;
    for (const auto& entry : fs::directory_iterator(queue_)) {
      if (entry.path().extension() == ".segment") {
        firsts.push_back(std::stoull(entry.path().stem(), nullptr, 16));
      }
    }
    std::sort(firsts.begin(), firsts.end());
    const std::uint64_t first = std::stoull(fs::path(path).stem(), nullptr, 16);
    const auto next = std::upper_bound(firsts.begin(), firsts.end(), first);
    return {first, next == firsts.end() ? UINT64_MAX : *next};
  }

  void take_over(const AllFound& looked_at) {
    SpoolFolder folder("", "");
    SpoolOwner owner;
    const SpoolFolder::Taken taken = folder.take_over_any(queue_, &owner);
    check((taken == SpoolFolder::Taken::newer) == is_newer_,
          "both know a later version");
    if (taken != SpoolFolder::Taken::yes) return;
    RingFile file;
    Ring ring;
    const RingFile::Found found =
        file.open(folder.folder(), folder.ring_name(), folder.queue());
    const bool has_ring =
        (found == RingFile::Found::ring || found == RingFile::Found::copy) &&
        ring.take_over(file.memory());
    SpoolStore store(folder, file, has_ring ? &ring : nullptr);
    AllFound all;
    QueueBatch batch;
    std::string problem;
    // Where files overlap, which no service makes, it depends on that.
    const std::size_t rows =
        may_overlap_ ? 1 : data_.ConsumeIntegralInRange<std::size_t>(1, 40);
    check(store.find_left().ok(), "the folder can be listed");
    while (store.read(rows, 4000, &batch, &problem) == SpoolStore::Read::some) {
      for (const QueueRecord& record : batch.records) add(&all, record);
      store.acknowledge(store.position(), batch.records.size());
    }
    check(all == looked_at, "both find the same");
    // A damaged file may say that there is more than could be read.
    check(store.is_done() || store.segment_bytes() != 0, "all was read");
    folder.remove();
    for (const auto& entry : fs::recursive_directory_iterator(spool_.path())) {
      check(entry.path().extension() != ".segment" || !entry.is_regular_file(),
            "no segment is left");
    }
  }

  FuzzedDataProvider data_;
  const TempFolder spool_{quick_folder()};
  std::string queue_;
  QueueId id_{};
  AllFound made_;
  // Of which segments which bytes, as long as nothing else was done.
  std::map<std::string, std::set<std::size_t>> flipped_;
  bool is_only_flipped_ = true;
  bool may_overlap_ = false;
  bool is_newer_ = false;
};

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::SpoolFuzz(data, size).run();
  return 0;
}
