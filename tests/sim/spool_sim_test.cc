// Lives of a queue on disk, driven by one number: threads that log, a keeper
// that moves events to the disk, a worker and its target, on a disk that fails,
// and in processes that are killed in the middle of anything.
//
//   STOGGER_SIM_SEEDS=1000000 STOGGER_SIM_FIRST=1 test_sim
//
// A seed that fails is printed; STOGGER_SIM_SEEDS=1 STOGGER_SIM_FIRST=N runs it
// alone, and prints its story.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "spool/ring.h"
#include "spool/ring_file.h"
#include "spool/spool_folder.h"
#include "spool/spool_store.h"
#include "tests/sim/disk.h"
#include "tests/support/sanitizer.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr std::size_t kThreads = 3;
constexpr std::size_t kCapacity = Ring::kLeastCapacity;

// An event: who logged it, and its number there.
struct Event {
  std::uint64_t thread = 0;
  std::uint64_t number = 0;
  auto operator<=>(const Event&) const = default;
};

struct Claim {
  std::byte* record = nullptr;
  Event event;
};

// A queue, of this process or of one before it.
struct Queue {
  explicit Queue(const std::string& path) : folder(path, "") {}
  SpoolFolder folder;
  RingFile file;
  Ring ring;
  std::unique_ptr<SpoolStore> store;
};

// A target that keeps a ledger, or none.
class Target {
 public:
  explicit Target(bool has_ledger) : has_ledger_(has_ledger) {}

  void store(const QueueId& queue, const std::vector<QueueRecord>& records) {
    for (const QueueRecord& record : records) {
      std::uint64_t& last = ledger_[queue];
      if (has_ledger_ && record.position <= last) continue;
      last = std::max(last, record.position);
      Event event;
      std::memcpy(&event, record.bytes.data(), sizeof event);
      ++counts_[event];
      order_.push_back(event);
    }
  }
  int count(const Event& event) const {
    const auto found = counts_.find(event);
    return found == counts_.end() ? 0 : found->second;
  }
  std::uint64_t doubles() const {
    std::uint64_t doubles = 0;
    for (const auto& [event, count] : counts_) {
      doubles += static_cast<std::uint64_t>(count - 1);
    }
    return doubles;
  }
  // Of the first time that each event arrived.
  bool has_order() const {
    std::map<std::uint64_t, std::uint64_t> last;
    std::set<Event> seen;
    for (const Event& event : order_) {
      if (!seen.insert(event).second) continue;
      std::uint64_t& before = last[event.thread];
      if (event.number <= before) return false;
      before = event.number;
    }
    return true;
  }

 private:
  const bool has_ledger_;
  std::map<QueueId, std::uint64_t> ledger_;
  std::map<Event, int> counts_;
  std::vector<Event> order_;
};

class Story {
 public:
  Story(std::uint64_t seed, bool tells)
      : random_(seed),
        tells_(tells),
        temp_(quick_folder()),
        disk_(temp_.path(), random_),
        has_ledger_(chance(2)),
        target_(has_ledger_),
        batch_rows_(1 + random_() % 40),
        most_bytes_(chance(3) ? 20000 + random_() % 100000 : UINT64_MAX),
        cuts_power_(chance(4)),
        fails_(chance(3)) {}

  // What is wrong; empty if nothing is.
  std::string run() {
    const std::uint64_t lives = 1 + random_() % 4;
    for (life_ = 0; life_ < lives; ++life_) live(false);
    live(true);
    return judge();
  }

 private:
  bool chance(std::uint64_t one_in) { return random_() % one_in == 0; }
  void tell(const std::string& what) const {
    if (tells_) std::printf("  %s\n", what.c_str());
  }

  void live(bool is_last) {
    const int first_file = lowest_file();
    disk_.set_failures(fails_ && !is_last ? 20 + random_() % 100 : 0);
    const std::uint64_t changes = is_last || chance(2) ? 0 : 1 + random_() % 60;
    own_ = nullptr;
    fully_synced_ = true;
    queues_.clear();
    claims_.assign(kThreads, {});
    batch_queue_ = nullptr;
    reading_ = nullptr;
    is_stored_ = false;
    tell("process " + std::to_string(life_) +
         (is_last ? ", the last one" : ""));
    const bool ended = !disk_.run(changes, [&] { body(is_last); });
    tell(ended ? "killed in the middle of a change of the disk" : "killed");
    // The kernel closes its files and takes its memory.
    for (Queue* queue : queues_) {
      const std::span<std::byte> memory = queue->file.memory();
      if (!memory.empty()) ::munmap(memory.data(), memory.size());
    }
    ::close_range(static_cast<unsigned>(first_file), ~0U, 0);
    if (!is_last && cuts_power_ && chance(2)) cut_power();
  }

  static int lowest_file() {
    const int file = ::dup(0);
    ::close(file);
    return file;
  }

  Queue* new_queue() {
    queues_.push_back(new Queue(temp_.path()));  // never cleaned up
    return queues_.back();
  }

  void body(bool is_last) {
    Queue* own = new_queue();
    while (!own->folder.create(kOwner).ok() ||
           !own->file
                .create(own->folder.ring_folder(), own->folder.ring_name(),
                        kCapacity, own->folder.queue())
                .ok()) {
      if (is_last) return;
      tell("there is no room for a queue");
      own->folder.close();
      own = new_queue();
    }
    own->ring.make(own->file.memory());
    own->store =
        std::make_unique<SpoolStore>(own->folder, own->file, &own->ring);
    own_ = own;
    own_id_ = own->folder.queue();
    left_ = own->folder.list(kOwner.sink);
    std::reverse(left_.begin(), left_.end());
    const std::uint64_t steps = 1 + random_() % 300;
    for (std::uint64_t i = 0; i < steps; ++i) step();
    if (!is_last) return;
    for (std::size_t thread = 0; thread < kThreads; ++thread) commit(thread);
    is_reliable_ = true;
    while (work()) {
    }
  }

  void step() {
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
      case 3:
        for (std::uint64_t i = random_() % 30; i-- > 0;) log();
        break;
      case 4:
        keep();
        break;
      default:
        static_cast<void>(work());
    }
  }

  // A call, or a part of one.
  void log() {
    const std::size_t thread = random_() % kThreads;
    if (claims_[thread].record != nullptr) return commit(thread);
    const std::uint64_t id = life_ * kThreads + thread;
    const std::size_t size =
        chance(100) ? own_->ring.largest_record()
                    : sizeof(Event) + random_() % (chance(10) ? 4000 : 100);
    const Event event = {id, ++numbers_[id]};
    std::byte* const record = own_->ring.claim(size);
    if (record == nullptr) return;  // dropped, and counted
    std::memcpy(record, &event, sizeof event);
    claims_[thread] = {record, event};
    if (!chance(4)) commit(thread);
  }

  void commit(std::size_t thread) {
    Claim& claim = claims_[thread];
    if (claim.record == nullptr) return;
    own_->ring.commit(claim.record);
    claim.record = nullptr;
    returned_.insert(claim.event);
    unsafe_.insert(claim.event);
  }

  void keep() {
    if (reading_ != nullptr) {
      static_cast<void>(reading_->store->spill(UINT64_MAX));
    }
    const bool spilled = own_->store->spill(most_bytes_).ok();
    if (chance(2)) return;
    const auto files = own_->store->take_unsynced();
    bool synced = own_->folder.folder().sync() == 0;
    for (const auto& [first, file] : files) {
      synced = ::fdatasync(file->get()) == 0 && synced;
    }
    fully_synced_ = fully_synced_ && synced;
    if (spilled && synced && fully_synced_ && own_->ring.used() == 0) {
      std::erase_if(unsafe_, [this](const Event& event) {
        return event.thread / kThreads == life_;
      });
    }
  }

  // False if there is nothing left.
  bool work() {
    if (batch_queue_ == nullptr && !read()) return false;
    if (batch_queue_ == nullptr) return true;  // it cannot be read now
    const std::uint64_t luck = is_reliable_ ? 2 : random_() % 6;
    if (!is_stored_ && luck == 0) return true;  // the target is away
    if (!is_stored_) {
      target_.store(batch_queue_->folder.queue(), batch_.records);
      is_stored_ = true;
      if (luck == 1) {
        // The answer never came: it is handed over again.
        is_stored_ = false;
        ++doubts_;
      }
      if (!is_reliable_) return true;
    }
    batch_queue_->store->acknowledge(batch_queue_->store->position(),
                                     batch_.records.size());
    batch_queue_ = nullptr;
    is_stored_ = false;
    return true;
  }

  bool read() {
    std::string problem;
    while (!left_.empty() || reading_ != nullptr) {
      if (reading_ == nullptr && !take_over()) continue;
      const SpoolStore::Read result =
          reading_->store->read(batch_rows_, 1 << 20, &batch_, &problem);
      note(problem);
      if (result == SpoolStore::Read::not_now) return !is_reliable_;
      if (result == SpoolStore::Read::some) {
        batch_queue_ = reading_;
        return true;
      }
      reading_->folder.remove();
      reading_ = nullptr;
    }
    const bool found = own_->store->read(batch_rows_, 1 << 20, &batch_,
                                         &problem) == SpoolStore::Read::some;
    note(problem);
    if (found) batch_queue_ = own_;
    return found;
  }

  bool take_over() {
    const QueueId id = left_.back();
    left_.pop_back();
    if (id == own_->folder.queue()) return false;
    Queue* const queue = new_queue();
    if (queue->folder.take_over(kOwner,
                                own_->folder.path_of(kOwner.sink, id)) !=
        SpoolFolder::Taken::yes) {
      return false;
    }
    Ring* ring = nullptr;
    const RingFile::Found found = queue->file.open(
        queue->folder.ring_folder(), queue->folder.ring_name(), id);
    if (found == RingFile::Found::ring &&
        queue->ring.take_over(queue->file.memory())) {
      ring = &queue->ring;
    }
    queue->store =
        std::make_unique<SpoolStore>(queue->folder, queue->file, ring);
    if (found == RingFile::Found::not_now || !queue->store->find_left().ok()) {
      queue->folder.close();
      return false;
    }
    reading_ = queue;
    return true;
  }

  void note(std::string& problem) {
    if (problem.empty()) return;
    tell(problem);
    ++problems_;
    problem.clear();
  }

  // The next process finds rings of a former start of the machine.
  void cut_power() {
    tell("the power is cut");
    disk_.cut_power();
    lost_.insert(unsafe_.begin(), unsafe_.end());
    was_cut_ = true;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(temp_.path())) {
      if (entry.path().filename() != "ring") continue;
      std::fstream file(entry.path(),
                        std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(SpoolHeader::kOffset +
                                             offsetof(SpoolHeader, boot)));
      file.put('!');
    }
  }

  std::string judge() const {
    for (const Event& event : returned_) {
      const int count = target_.count(event);
      const std::string name =
          std::to_string(event.thread) + "/" + std::to_string(event.number);
      if (count == 0 && !lost_.contains(event)) return name + " is lost";
      if (count > 1 && has_ledger_) return name + " is there twice";
    }
    const std::uint64_t most = (life_ + doubts_) * batch_rows_;
    if (!fails_ && !was_cut_ && target_.doubles() > most) {
      return std::to_string(target_.doubles()) + " are there twice";
    }
    if (!target_.has_order()) return "the order is not kept";
    if (problems_ != 0 && !was_cut_ && !fails_) return "damage without a cause";
    if (!fails_ && !was_cut_) {
      for (const auto& entry :
           std::filesystem::directory_iterator(temp_.path() + "/sink")) {
        if (entry.path().filename() != uuid_text(own_id_)) {
          return "a folder is left: " + entry.path().string();
        }
      }
    }
    return {};
  }

  inline static const SpoolOwner kOwner = {"program", "sink", "type"};

  std::mt19937_64 random_;
  const bool tells_;
  TempFolder temp_;
  SimDisk disk_;
  const bool has_ledger_;
  Target target_;
  const std::size_t batch_rows_;
  const std::uint64_t most_bytes_;
  const bool cuts_power_;
  const bool fails_;

  std::uint64_t life_ = 0;
  std::uint64_t doubts_ = 0;
  std::uint64_t problems_ = 0;
  bool was_cut_ = false;
  bool is_reliable_ = false;
  bool fully_synced_ = true;
  std::map<std::uint64_t, std::uint64_t> numbers_;  // by thread
  std::set<Event> returned_;
  std::set<Event> unsafe_;  // that a power cut may take
  std::set<Event> lost_;    // that one may have taken

  // Of the process.
  QueueId own_id_{};
  Queue* own_ = nullptr;
  Queue* reading_ = nullptr;
  Queue* batch_queue_ = nullptr;
  bool is_stored_ = false;
  std::vector<Queue*> queues_;
  std::vector<QueueId> left_;
  std::vector<Claim> claims_;
  QueueBatch batch_;
};

std::uint64_t number_of(const char* variable, std::uint64_t fallback) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

TEST(SpoolSim, NothingThatACallReturnedForIsLostOrTwiceWhereALedgerIs) {
  const std::uint64_t first = number_of("STOGGER_SIM_FIRST", 1);
  const std::uint64_t seeds = number_of("STOGGER_SIM_SEEDS", 600);
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + seeds && failed < 5; ++seed) {
    Story story(seed, seeds == 1);
    const std::string wrong = story.run();
    if (wrong.empty()) continue;
    ++failed;
    ADD_FAILURE() << "seed " << seed << ": " << wrong;
  }
}

}  // namespace
}  // namespace stogger
