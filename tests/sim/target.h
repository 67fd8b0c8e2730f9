// A model of a target and of its sink: it refuses rows, fails, hangs, answers
// too late or never, is away, and loses its last commits when it starts again.
// It outlives the processes that write to it, and knows all that has arrived.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string_view>
#include <vector>

#include "spool/queue_id.h"
#include "stogger/sink.h"
#include "tests/sim/threads.h"

namespace stogger {

// An event: who logged it, and its number there, from 1 on.
struct SimEvent {
  std::uint64_t thread = 0;
  std::uint64_t number = 0;
  auto operator<=>(const SimEvent&) const = default;
};

class SimTarget {
 public:
  struct Nature {
    bool has_ledger = false;  // of what queues on disk hand over
    bool buffers = false;     // its sink holds rows back
    bool tallies = false;     // its sink knows which part of a batch is stored
    std::uint64_t refuses_every = 0;  // about so many rows; 0: none
    bool fails = false;
    bool loses_commits = false;
    std::int64_t deadline_ns = 0;
  };
  SimTarget(const Nature& nature, std::mt19937_64& random, SimThreads& threads)
      : nature_(nature), random_(random), threads_(threads) {}

  const Nature& nature() const { return nature_; }
  // From now on it takes all that it does not refuse.
  void become_reliable() { is_reliable_ = true; }

  bool refuses(const SimEvent& event) const {
    return nature_.refuses_every != 0 &&
           (event.number * 7 + event.thread) % nature_.refuses_every == 0;
  }
  int count(const SimEvent& event) const {
    const auto found = counts_.find(event);
    return found == counts_.end() ? 0 : found->second;
  }
  bool has_lost(const SimEvent& event) const { return lost_.contains(event); }
  std::uint64_t doubles() const;
  // Of the first time that each event has arrived.
  bool has_order() const;
  // How often rows may have been stored although the sink said otherwise.
  std::uint64_t doubts() const { return doubts_; }

  // For the sink. Time passes.
  enum class Luck : unsigned char {
    works,
    fails,     // nothing is stored
    hangs,     // the same, at the end of its time
    partly,    // some of it is stored, and then it fails
    too_late,  // all is stored, and nobody hears of it
    in_doubt,  // the same, or nothing is; the sink says that it does not know
  };
  Luck begin_call();
  void store(const RowBatch& rows, std::size_t from, std::size_t to);
  void store(const std::vector<SimEvent>& events, std::size_t count);
  void note_doubt() { ++doubts_; }
  std::uint64_t random_number() { return random_(); }

 private:
  enum class Mood : unsigned char { fine, flaky, away, hanging };

  void store(const SimEvent& event);
  void start_again();

  const Nature nature_;
  std::mt19937_64& random_;
  SimThreads& threads_;
  bool is_reliable_ = false;
  Mood mood_ = Mood::fine;
  std::int64_t mood_until_ns_ = 0;
  std::uint64_t doubts_ = 0;

  std::map<QueueId, std::uint64_t> ledger_;
  std::map<SimEvent, int> counts_;
  std::vector<SimEvent> order_;
  // Of the last commit, while it may be lost.
  std::vector<SimEvent> last_commit_;
  std::map<QueueId, std::uint64_t> ledger_before_;
  std::set<SimEvent> lost_;
};

class SimSink final : public Sink {
 public:
  explicit SimSink(SimTarget& target) : target_(target) {}

  Status open() override;
  Status write(const RowBatch& rows, WriteReport& report) override;
  Status flush() override;
  Status tick(Time, WriteReport&) override { return flush(); }
  Status close() override;
  std::int64_t deadline_ns() const noexcept override {
    return target_.nature().deadline_ns;
  }
  bool tally(Tally* tally) const noexcept override;
  std::string_view target() const noexcept override { return "the target"; }

  std::size_t held() const { return held_.size(); }
  // What it has done that no sink may be asked for.
  std::string_view misuse() const { return misuse_; }

 private:
  Status write_held();
  Status write_through(const RowBatch& rows, WriteReport& report);

  SimTarget& target_;
  bool is_open_ = false;
  bool is_busy_ = false;
  std::vector<SimEvent> held_;
  std::uint64_t written_ = 0;
  std::string_view misuse_;
};

SimEvent sim_event_of(const RowBatch& rows, std::size_t row);

}  // namespace stogger
