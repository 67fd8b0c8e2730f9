#include "tests/sim/target.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace stogger {
namespace {

constexpr std::int64_t kMillisecond = 1000000;
constexpr std::size_t kMostHeld = 100;

// Calls to a sink never overlap, and come only while it is open.
class Use {
 public:
  Use(bool& is_busy, std::string_view& misuse) : is_busy_(is_busy) {
    if (std::exchange(is_busy_, true)) misuse = "calls to the sink overlap";
  }
  ~Use() { is_busy_ = false; }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  bool& is_busy_;
};

Status failure() { return Status(Code::unavailable, "the target is away"); }

}  // namespace

SimEvent sim_event_of(const RowBatch& rows, std::size_t row) {
  return {static_cast<std::uint64_t>(rows.at(row, 0).integer()),
          static_cast<std::uint64_t>(rows.at(row, 1).integer())};
}

std::uint64_t SimTarget::doubles() const {
  std::uint64_t doubles = 0;
  for (const auto& [event, count] : counts_) {
    doubles += static_cast<std::uint64_t>(count - 1);
  }
  return doubles;
}

bool SimTarget::has_order() const {
  std::map<std::uint64_t, std::uint64_t> last;
  std::set<SimEvent> seen;
  for (const SimEvent& event : order_) {
    if (!seen.insert(event).second) continue;
    std::uint64_t& before = last[event.thread];
    if (event.number <= before) return false;
    before = event.number;
  }
  return true;
}

// How a call goes, which takes its time.
SimTarget::Luck SimTarget::begin_call() {
  threads_.sleep(static_cast<std::int64_t>(random_() % 200) * 1000);
  if (is_reliable_ || !nature_.fails) return Luck::works;
  if (threads_.now_ns() >= mood_until_ns_) {
    if (mood_ != Mood::fine) start_again();
    mood_ =
        random_() % 2 == 0 ? Mood::fine : static_cast<Mood>(1 + random_() % 3);
    const std::int64_t most = random_() % 8 == 0 ? 20000 : 500;
    mood_until_ns_ =
        threads_.now_ns() +
        static_cast<std::int64_t>(
            random_() % static_cast<std::uint64_t>(most * kMillisecond));
  }
  Luck luck = Luck::works;
  switch (mood_) {
    case Mood::fine:
      return Luck::works;
    case Mood::away:
      return Luck::fails;
    case Mood::hanging:
      luck = Luck::hangs;
      break;
    case Mood::flaky:
      luck = random_() % 2 == 0 ? Luck::works
                                : static_cast<Luck>(1 + random_() % 5);
      break;
  }
  if (luck == Luck::hangs || luck == Luck::too_late || luck == Luck::in_doubt) {
    threads_.sleep(nature_.deadline_ns);
  }
  return luck;
}

// Rows and ledger are one commit: they are lost together.
void SimTarget::start_again() {
  if (!nature_.loses_commits || last_commit_.empty() || random_() % 2 != 0) {
    return;
  }
  for (const SimEvent& event : last_commit_) {
    if (--counts_[event] == 0) counts_.erase(event);
    lost_.insert(event);
    order_.pop_back();
  }
  last_commit_.clear();
  ledger_ = ledger_before_;
}

void SimTarget::store(const SimEvent& event) {
  ++counts_[event];
  order_.push_back(event);
  if (nature_.loses_commits) last_commit_.push_back(event);
}

void SimTarget::store(const RowBatch& rows, std::size_t from, std::size_t to) {
  if (nature_.loses_commits) {
    last_commit_.clear();
    ledger_before_ = ledger_;
  }
  const bool knows = nature_.has_ledger && rows.origin != nullptr;
  QueueId queue{};
  if (knows) std::copy_n(std::begin(rows.origin->queue), 16, queue.begin());
  for (std::size_t row = from; row < to; ++row) {
    if (knows) {
      std::uint64_t& last = ledger_[queue];
      if (rows.origin->positions[row] <= last) continue;
      last = rows.origin->positions[row];
    }
    const SimEvent event = sim_event_of(rows, row);
    if (!refuses(event)) store(event);
  }
}

void SimTarget::store(const std::vector<SimEvent>& events, std::size_t count) {
  last_commit_.clear();
  ledger_before_ = ledger_;
  for (std::size_t i = 0; i < count; ++i) store(events[i]);
}

// The sink.

Status SimSink::open() {
  const Use use(is_busy_, misuse_);
  const SimTarget::Luck luck = target_.begin_call();
  if (luck == SimTarget::Luck::fails || luck == SimTarget::Luck::hangs) {
    return failure();
  }
  is_open_ = true;
  return {};
}

Status SimSink::write(const RowBatch& rows, WriteReport& report) {
  const Use use(is_busy_, misuse_);
  if (!is_open_) misuse_ = "rows are written while the sink is closed";
  if (!target_.nature().buffers) return write_through(rows, report);
  if (held_.size() > kMostHeld) {
    if (Status status = write_held(); !status.ok()) return status;
  }
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    const SimEvent event = sim_event_of(rows, row);
    if (target_.refuses(event)) {
      report.refuse(row, "the target does not take it");
    } else {
      held_.push_back(event);
    }
  }
  return {};
}

// A target with a ledger has all of a batch or nothing.
Status SimSink::write_through(const RowBatch& rows, WriteReport& report) {
  using Luck = SimTarget::Luck;
  const std::size_t count = rows.row_count;
  const bool is_whole = target_.nature().has_ledger && rows.origin != nullptr;
  const Luck luck = target_.begin_call();
  std::size_t stored = 0;
  switch (luck) {
    case Luck::works:
      stored = count;
      break;
    case Luck::partly:
      stored = is_whole ? 0 : target_.random_number() % (count + 1);
      if (stored != 0 && !target_.nature().tallies) target_.note_doubt();
      break;
    case Luck::too_late:
      target_.note_doubt();
      target_.store(rows, 0, count);
      return failure();
    case Luck::in_doubt:
      if (target_.random_number() % 2 == 0) {
        target_.note_doubt();
        target_.store(rows, 0, count);
      }
      for (std::size_t row = 0; row < count; ++row) report.in_doubt(row);
      return failure();
    case Luck::fails:
    case Luck::hangs:
      break;
  }
  target_.store(rows, 0, stored);
  const bool says = luck == Luck::works || target_.nature().tallies;
  for (std::size_t row = 0; row < stored; ++row) {
    if (target_.refuses(sim_event_of(rows, row))) {
      if (says) report.refuse(row, "the target does not take it");
    } else {
      ++written_;
    }
  }
  return luck == Luck::works ? Status() : failure();
}

Status SimSink::write_held() {
  using Luck = SimTarget::Luck;
  if (held_.empty()) return {};
  const Luck luck = target_.begin_call();
  std::size_t stored = 0;
  if (luck == Luck::works) stored = held_.size();
  if (luck == Luck::partly) {
    stored = target_.random_number() % (held_.size() + 1);
  }
  if (stored != 0) target_.store(held_, stored);
  written_ += stored;
  held_.erase(held_.begin(),
              held_.begin() + static_cast<std::ptrdiff_t>(stored));
  return luck == Luck::works ? Status() : failure();
}

Status SimSink::flush() {
  const Use use(is_busy_, misuse_);
  if (!is_open_) misuse_ = "the sink is flushed while it is closed";
  return write_held();
}

Status SimSink::close() {
  const Use use(is_busy_, misuse_);
  const Status status = is_open_ ? write_held() : Status();
  is_open_ = false;
  return status;
}

bool SimSink::tally(Tally* tally) const noexcept {
  if (!target_.nature().tallies && !target_.nature().buffers) return false;
  tally->written = written_;
  tally->buffered = held_.size();
  return true;
}

}  // namespace stogger
