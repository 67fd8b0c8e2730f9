// DeliveryStory: lives of a sink with a queue, driven by one number, and the
// judgement on what has become of its events.
#pragma once

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deliver/outlet.h"
#include "deliver/worker.h"
#include "spool/ring_file.h"
#include "stogger/diagnostics.h"
#include "tests/sim/process.h"
#include "tests/support/temp_folder.h"

namespace stogger {

// Of one process.
struct Life {
  bool is_durable = false;
  bool is_last = false;
  bool was_killed = false;
  std::int64_t began_ns = 0;
  SimSink* sink = nullptr;  // the outlet's
  std::unique_ptr<Outlet> outlet;
  std::unique_ptr<Worker> worker;
  bool is_stopping = false;
  std::vector<pthread_t> producers;
};

class DeliveryStory {
 public:
  DeliveryStory(std::uint64_t seed, bool tells)
      : random_(seed),
        tells_(tells),
        temp_(quick_folder()),
        threads_(random_, 1000000 * kMs),
        clock_(threads_),
        disk_(temp_.path(), random_, threads_),
        target_(draw_nature(), random_, threads_) {
    draw_settings();
  }

  // What is wrong; empty if nothing is.
  std::string run() {
    tell_nature();
    set_diagnostics(&DeliveryStory::hear, this);
    const std::uint64_t lives = random_() % 4;
    for (std::uint64_t i = 0; i < lives && wrong_.empty(); ++i) live(false);
    if (wrong_.empty()) live(true);
    if (wrong_.empty()) judge();
    set_diagnostics(nullptr, nullptr);
    return wrong_;
  }

 private:
  using milliseconds = std::chrono::milliseconds;

  static constexpr std::int64_t kMs = 1000000;
  // How much later than it should a thread may come to its turn.
  static constexpr std::int64_t kLate = 20 * kMs;
  static constexpr std::int64_t kLastDrain = 250 * kMs;  // of Worker
  static constexpr std::size_t kThreadsOfALife = 8;

  struct Logged {
    SimEvent event;
    std::int64_t at_ns = 0;
  };

  bool chance(std::uint64_t one_in) { return random_() % one_in == 0; }
  std::int64_t draw(std::int64_t most) {
    return static_cast<std::int64_t>(random_() %
                                     (static_cast<std::uint64_t>(most) + 1));
  }
  void tell(const std::string& what) const {
    if (!tells_) return;
    std::printf("  %12.3f ms  %s\n",
                static_cast<double>(threads_.now_ns()) / kMs, what.c_str());
  }
  void fail(const std::string& what) {
    tell("WRONG: " + what);
    if (wrong_.empty()) wrong_ = what;
  }
  static void hear(std::string_view line, void* story) {
    static_cast<DeliveryStory*>(story)->tell("report: " + std::string(line));
  }

  void tell_nature() const {
    const SimTarget::Nature& nature = target_.nature();
    tell(std::string(is_durable_ ? "durable" : "async") +
         (nature.has_ledger ? ", a ledger" : "") +
         (nature.buffers ? ", rows are held back" : "") +
         (nature.loses_commits ? ", loses commits" : "") +
         (settings_.gathers ? ", gathers" : "") + ", batch_rows " +
         std::to_string(settings_.batch_rows) + ", max_delay_ms " +
         std::to_string(settings_.longest_delay.count()) + ", block_ms " +
         std::to_string(settings_.longest_block.count()) + ", when_full " +
         std::to_string(static_cast<int>(settings_.when_full)) + ", drain_ms " +
         std::to_string(settings_.longest_drain.count()) + ", spool_sync_ms " +
         std::to_string(settings_.spool.sync.count()) + ", spool_bytes " +
         std::to_string(settings_.spool.most_bytes) +
         (disk_fails_ ? ", the disk fails" : ""));
  }

  SimTarget::Nature draw_nature() {
    SimTarget::Nature nature;
    switch (random_() % 4) {
      case 0:
      case 1:
        nature.has_ledger = true;
        nature.loses_commits = chance(8);
        break;
      case 2:
        nature.tallies = chance(2);
        break;
      case 3:
        nature.buffers = true;
    }
    nature.fails = !chance(3);
    nature.refuses_every = chance(3) ? 2 + random_() % 30 : 0;
    nature.deadline_ns = chance(2) ? 50 * kMs : 1000 * kMs;
    return nature;
  }

  void draw_settings() {
    is_durable_ = !chance(4);
    settings_.delivery = is_durable_ ? Delivery::durable : Delivery::async;
    settings_.queue_bytes = 64 * 1024;
    settings_.when_full = static_cast<WhenFull>(chance(2) ? 0 : random_() % 3);
    settings_.longest_block = milliseconds(chance(3) ? 0 : draw(250));
    settings_.batch_rows = 1 + random_() % 60;
    settings_.batch_bytes = chance(3) ? 4096 : 1 << 20;
    settings_.gathers = chance(6);
    settings_.longest_delay =
        milliseconds(1 + draw(settings_.gathers ? 3000 : 100));
    settings_.longest_drain = milliseconds(chance(2) ? draw(300) : draw(5000));
    settings_.spool.spool_dir = temp_.path();
    if (chance(3)) settings_.spool.most_bytes = 20000 + random_() % 200000;
    settings_.spool.sync = milliseconds(chance(8)   ? 0
                                        : chance(2) ? 200
                                                    : 10 + draw(500));
    cuts_power_ = chance(3);
    disk_fails_ = chance(3);
    disk_.set_time(cuts_power_ || chance(2) ? 40000
                   : chance(2)              ? 2 * kMs
                                            : 50 * kMs);
  }

  // A process.
  void live(bool is_last) {
    disk_.set_failures(disk_fails_ && !is_last ? 10 + random_() % 200 : 0);
    if (is_last) target_.become_reliable();
    const std::uint64_t changes =
        is_last || !chance(4) ? 0 : 1 + random_() % 100;
    if (!is_last && !chance(3)) {
      threads_.set_end(threads_.now_ns() + draw(chance(2) ? 50 : 2000) * kMs +
                       draw(kMs));
    }
    threads_.set_wall_offset(draw(4000000000) * kMs - 1000000000 * kMs);
    const int first_file = lowest_file();
    // The process does not clean up what it has when it is killed.
    life_ = new Life;
    life_->is_last = is_last;
    life_->began_ns = threads_.now_ns();
    tell("process " + std::to_string(lives_) + (is_last ? ", the last" : ""));
    auto how = SimThreads::End::returned;
    disk_.run(changes, [&] { how = threads_.run([this] { be(); }); });
    disk_.note_failures();
    if (how == SimThreads::End::stuck) fail("threads wait for ever");
    life_->was_killed = how == SimThreads::End::killed;
    if (life_->was_killed) tell("killed");
    if (life_->was_killed && life_->worker != nullptr) count_end();
    if (how != SimThreads::End::returned) {
      ::close_range(static_cast<unsigned>(first_file), ~0U, 0);
    }
    if (!is_last && cuts_power_ && life_->was_killed && chance(2)) cut_power();
    if (!life_->was_killed) delete life_;
    ++lives_;
  }

  static int lowest_file() {
    const int file = ::dup(0);
    ::close(file);
    return file;
  }

  void be() {
    Life& life = *life_;
    auto* const sink = new SimSink(target_);
    life.sink = sink;
    life.outlet =
        std::make_unique<Outlet>(SinkTitle{"sink", "sim"}, SinkPtr(sink),
                                 &clock_, nullptr, DeadLetterFile{}, true);
    std::unique_ptr<Spool> spool;
    if (is_durable_) {
      const std::int64_t before = threads_.now_ns();
      const Status made = Spool::make(settings_, life.outlet->title(), &spool);
      if (!made.ok()) {
        tell("there is no spool: " + std::string(made.message()));
        if (life.is_last || !disk_fails_) {
          return fail("a start fails: " + std::string(made.message()));
        }
      }
      if (threads_.now_ns() - before > 2000 * kMs) fail("a start takes long");
    }
    life.is_durable = spool != nullptr;
    life.worker = std::make_unique<Worker>(
        *life.outlet, settings_, std::make_unique<SimRows>(), std::move(spool));
    if (!life.worker->start().ok()) return fail("a start fails");
    const std::uint64_t count = 1 + random_() % 3;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t thread = lives_ * kThreadsOfALife + i;
      life.producers.push_back(
          threads_.spawn([this, thread] { produce(thread); }));
    }
    for (std::uint64_t i = random_() % 20; i-- > 0;) act();
    if (life.is_last || chance(2)) join_producers();
    if (life.is_last) deliver_all();
    stop();
    join_producers();
    check_end();
    life.worker.reset();
    life.outlet.reset();
  }

  void produce(std::uint64_t thread) {
    const Life& life = *life_;
    std::uint64_t number = 0;
    for (std::uint64_t bursts = 1 + random_() % 12; bursts-- > 0;) {
      for (std::uint64_t i = random_() % 40; i-- > 0;) {
        SimPush push;
        push.event = {thread, ++number};
        push.size = kLeastPush + random_() % (chance(10) ? 4000 : 100);
        if (chance(300)) push.size = 16 * 1024 + random_() % 300;
        const bool was_stopping = life.is_stopping;
        const std::int64_t before = threads_.now_ns();
        if (chance(64)) threads_.kill_after_instructions(kill_steps());
        const bool taken = life_->worker->push(push);
        threads_.kill_after_instructions(0);
        const std::int64_t took = threads_.now_ns() - before;
        check_push(took, was_stopping || life.is_stopping);
        if (!taken) return;
        logged_.push_back({push.event, threads_.now_ns()});
        threads_.pause();
      }
      threads_.sleep(draw(chance(10) ? 1500 : chance(3) ? 50 : 3) * kMs);
    }
  }

  // Mostly none.
  std::uint64_t kill_steps() {
    return life_->is_last || !chance(8) ? 0 : 1 + random_() % 400;
  }

  void check_push(std::int64_t took, bool is_stopping) {
    std::int64_t most = settings_.longest_block.count() * kMs + kLate;
    if (is_stopping) {
      most += 2 * kLastDrain + 4 * target_.nature().deadline_ns + 500 * kMs;
    }
    if (took > most) {
      fail("a call took " + std::to_string(took / kMs) + " ms");
    }
  }

  // What other threads of a program may do.
  void act() {
    threads_.sleep(draw(chance(5) ? 1000 : 40) * kMs);
    switch (random_() % 6) {
      case 0: {
        const std::int64_t time = draw(200) * kMs;
        const std::int64_t before = threads_.now_ns();
        static_cast<void>(life_->worker->wait(
            Worker::TimePoint(std::chrono::nanoseconds(before + time)),
            chance(2)));
        if (threads_.now_ns() - before > time + kLate) {
          fail("a wait took too long");
        }
        break;
      }
      case 1:
        tell("the clock jumps");
        threads_.set_wall_offset(draw(4000000000) * kMs - 1000000000 * kMs);
        break;
      case 2:
        life_->outlet->tick();
        break;
      case 3:
        // It gets well, or goes on failing.
        if (!chance(3)) disk_.set_failures(0);
        break;
      default:
        break;
    }
    check_balance();
  }

  SinkStats stats() const {
    SinkStats stats;
    const std::uint64_t handed = life_->outlet->counters().add_to(&stats);
    life_->worker->add_to(&stats, handed);
    return stats;
  }

  void check_balance() {
    const SinkStats now = stats();
    if (now.accepted != now.written + now.dropped + now.dead_lettered +
                            now.in_doubt + now.pending ||
        now.pending > now.accepted) {
      fail("the counters are not balanced: " + text(now));
    }
  }

  static std::string text(const SinkStats& stats) {
    return "accepted " + std::to_string(stats.accepted) + ", written " +
           std::to_string(stats.written) + ", dropped " +
           std::to_string(stats.dropped) + ", in doubt " +
           std::to_string(stats.in_doubt) + ", pending " +
           std::to_string(stats.pending);
  }

  void join_producers() {
    for (const pthread_t thread : life_->producers) threads_.join(thread);
    life_->producers.clear();
  }

  void deliver_all() {
    const auto until = Worker::TimePoint(
        std::chrono::nanoseconds(threads_.now_ns() + 300000 * kMs));
    while (life_->worker->is_behind() &&
           threads_.now_ns() < until.time_since_epoch().count()) {
      threads_.sleep(20 * kMs);
    }
    if (life_->worker->is_behind() || !life_->worker->wait(until, true)) {
      fail("not all is delivered: " + text(stats()));
    }
  }

  void stop() {
    Life& life = *life_;
    life.is_stopping = true;
    const std::int64_t before = threads_.now_ns();
    tell("stops: " + text(stats()));
    life.worker->stop(Worker::TimePoint(std::chrono::nanoseconds(before)));
    static_cast<void>(life.outlet->close());
    const std::int64_t took = threads_.now_ns() - before;
    const std::int64_t most = settings_.longest_drain.count() * kMs +
                              2 * kLastDrain +
                              6 * target_.nature().deadline_ns + 1000 * kMs;
    tell("stopped after " + std::to_string(took / kMs) +
         " ms: " + text(stats()));
    if (took > most) fail("the end took " + std::to_string(took / kMs) + " ms");
  }

  void check_end() {
    check_balance();
    const SinkStats now = stats();
    // What the sink held back, and could not hand over at its end.
    if (now.pending != life_->sink->held()) {
      fail("something is pending at the end: " + text(now));
    }
    if (!life_->is_durable) dropped_ += now.pending;
    if (!life_->sink->misuse().empty())
      fail(std::string(life_->sink->misuse()));
    count_end();
  }

  void count_end() {
    const SinkStats now = stats();
    dropped_ += life_->worker->dropped_for_room() + life_->worker->given_up() +
                now.in_doubt;
    // Who drops the oldest events may be killed before he has counted them.
    if (life_->was_killed && settings_.when_full == WhenFull::drop_oldest) {
      dropped_ += settings_.batch_rows;
    }
    if (!life_->is_durable) async_lives_.insert(lives_);
    if (!life_->is_durable && life_->was_killed) loses_all_of_.insert(lives_);
  }

  void cut_power() {
    tell("the power is cut");
    was_cut_ = true;
    disk_.cut_power();
    const std::int64_t now = threads_.now_ns();
    const std::int64_t sync = settings_.spool.sync.count() * kMs;
    // What there is no room for stays in the ring.
    const bool is_kept =
        sync != 0 && settings_.spool.most_bytes == SpoolSettings().most_bytes &&
        now - disk_.last_failure_ns() > sync + 2000 * kMs;
    for (const Logged& one : logged_) {
      const bool is_own = one.event.thread / kThreadsOfALife == lives_;
      const std::int64_t since =
          is_own ? one.at_ns : life_->began_ns + 300 * kMs;
      if (!is_kept || since + sync > now) may_be_lost_.insert(one.event);
    }
    // The next process finds rings of a former start of the machine.
    std::error_code error;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(temp_.path(), error)) {
      if (entry.path().filename() == "ring") make_old(entry.path());
    }
  }

  void make_old(const std::filesystem::path& ring) {
    std::fstream file(ring, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(SpoolHeader::kOffset +
                                           offsetof(SpoolHeader, boot)));
    file.put('!');
    // What was acknowledged is only known as of some time before.
    const auto at = static_cast<std::streamoff>(
        SpoolHeader::kOffset + offsetof(SpoolHeader, acknowledged));
    std::uint64_t acknowledged = 0;
    file.seekg(at);
    file.read(reinterpret_cast<char*>(&acknowledged), sizeof acknowledged);
    if (!chance(2)) acknowledged = random_() % (acknowledged + 1) / 8 * 8;
    file.seekp(at);
    file.write(reinterpret_cast<const char*>(&acknowledged),
               sizeof acknowledged);
  }

  static std::string name_of(const SimEvent& event) {
    return std::to_string(event.thread) + "/" + std::to_string(event.number);
  }

  void judge() {
    std::uint64_t missing = 0;
    std::string which;
    for (const Logged& one : logged_) {
      const SimEvent& event = one.event;
      const int count = target_.count(event);
      if (count > 1 && target_.nature().has_ledger && is_durable_ &&
          !async_lives_.contains(event.thread / kThreadsOfALife)) {
        twice_ = name_of(event);
      }
      if (count != 0 || target_.refuses(event) || target_.has_lost(event) ||
          may_be_lost_.contains(event) ||
          loses_all_of_.contains(event.thread / kThreadsOfALife)) {
        continue;
      }
      ++missing;
      tell(name_of(event) + " of " +
           std::to_string(static_cast<double>(one.at_ns) / kMs) +
           " ms is missing");
      if (which.empty()) which = name_of(event);
    }
    if (missing > dropped_) {
      fail(std::to_string(missing) + " are missing, such as " + which +
           ", and " + std::to_string(dropped_) + " were counted as dropped");
    }
    if (!twice_.empty()) fail(twice_ + " is there twice");
    const std::uint64_t most =
        (lives_ + target_.doubts() + 1) * (settings_.batch_rows + 100);
    if (!disk_fails_ && !was_cut_ && target_.doubles() > most) {
      fail(std::to_string(target_.doubles()) + " are there twice");
    }
    if (!target_.has_order()) fail("the order is not kept");
    if (is_durable_ && !disk_fails_ && !was_cut_) check_nothing_left();
  }

  void check_nothing_left() {
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator(temp_.path() + "/sink", error)) {
      fail("a folder is left: " + entry.path().string());
    }
  }

  std::mt19937_64 random_;
  const bool tells_;
  TempFolder temp_;
  SimThreads threads_;
  SimClock clock_;
  SlowDisk disk_;
  SimTarget target_;
  DeliverySettings settings_;
  bool is_durable_ = false;
  bool cuts_power_ = false;
  bool disk_fails_ = false;

  Life* life_ = nullptr;
  std::uint64_t lives_ = 0;
  std::vector<Logged> logged_;
  std::uint64_t dropped_ = 0;
  std::set<SimEvent> may_be_lost_;
  std::set<std::uint64_t> loses_all_of_;
  std::set<std::uint64_t> async_lives_;
  bool was_cut_ = false;
  std::string twice_;
  std::string wrong_;
};

}  // namespace stogger
