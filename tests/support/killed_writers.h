// KilledWriters: processes whose threads write at full speed and which are
// killed (kill -9) at a random moment, and what has to be with their target
// then.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "stogger/log.h"
#include "stogger/sample.h"
#include "stogger/system.h"
#include "tests/support/processes.h"

namespace stogger {

class KilledWriters {
 public:
  static constexpr std::uint64_t kThreads = 4;
  // An event: the number of the process, of its thread, and its own.
  using Key = std::array<std::uint64_t, 3>;

  KilledWriters() {
    void* const memory =
        ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    progress_ = new (memory) Progress();
  }
  ~KilledWriters() { ::munmap(progress_, sizeof(Progress)); }
  KilledWriters(const KilledWriters&) = delete;
  KilledWriters& operator=(const KilledWriters&) = delete;

  // How many kills a test makes: few, unless STOGGER_TEST_KILLS says more.
  static int kills(int few) {
    const char* const more = std::getenv("STOGGER_TEST_KILLS");
    return more == nullptr ? few : std::atoi(more);
  }

  // Writes what has these three numbers.
  using Write = std::function<void(const Key&)>;
  // Makes, in the process that is to be killed, what its threads write with;
  // null if that fails.
  using MakeWrite = std::function<Write()>;

  // Lets a process write for at most so long, and kills it.
  void run(const MakeWrite& make, std::chrono::milliseconds longest) {
    for (auto& count : *progress_) count = 0;
    const auto round = returned_.size();
    const pid_t child =
        start_child([&] { return write_until_killed(make(), round); });
    const auto time = std::uniform_int_distribution<std::int64_t>(
        5, longest.count())(random_);
    std::this_thread::sleep_for(std::chrono::milliseconds(time));
    kill_child(child);
    std::array<std::uint64_t, kThreads> counts{};
    for (std::size_t i = 0; i < kThreads; ++i) counts[i] = (*progress_)[i];
    returned_.push_back(counts);
  }

  // The same with a configuration that it logs by. Events carry the fields
  // `round`, `thread` and `i`.
  void run(const std::string& configuration,
           std::chrono::milliseconds longest) {
    const auto make = [&]() -> Write {
      auto system = std::make_shared<System>();
      if (!system->load_text(configuration, "test").ok()) return nullptr;
      return [system, log = system->logger()](const Key& key) {
        log.info("event",
                 {{"round", key[0]}, {"thread", key[1]}, {"i", key[2]}});
      };
    };
    run(make, longest);
  }

  // Writes samples with these fields to a pipe, to a sink that it makes.
  static Write to_pipe(const std::function<Status(SinkPtr*)>& make_sink,
                       const PipeOptions& options) {
    auto sink = std::make_shared<SinkPtr>();
    if (!make_sink(sink.get()).ok()) return nullptr;
    auto pipe = std::make_shared<Pipe>(**sink, options);
    return [sink, pipe](const Key& key) {
      if (!push(*pipe, key).ok()) std::abort();
    };
  }
  static Status push(Pipe& pipe, const Key& key) {
    const Field fields[] = {
        {"round", key[0]}, {"thread", key[1]}, {"i", key[2]}};
    return pipe.push({.device = "d", .fields = fields});
  }

  // Of the text "ROUND THREAD I".
  static Key key_of(const std::string& text) {
    Key key{};
    std::istringstream(text) >> key[0] >> key[1] >> key[2];
    return key;
  }

  struct Outcome {
    std::uint64_t all = 0;  // events whose calls returned
    std::uint64_t lost = 0;
    std::uint64_t twice = 0;
  };
  // Of what is with the target.
  Outcome judge(const std::vector<Key>& stored) const {
    std::map<Key, std::uint64_t> counts;
    for (const Key& key : stored) ++counts[key];
    Outcome outcome;
    for (const auto& [key, count] : counts) outcome.twice += count - 1;
    for (std::uint64_t round = 0; round < returned_.size(); ++round) {
      for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
        const std::uint64_t last = returned_[round][thread];
        outcome.all += last;
        for (std::uint64_t i = 1; i <= last; ++i) {
          if (!counts.contains({round, thread, i})) ++outcome.lost;
        }
      }
    }
    ::testing::Test::RecordProperty("events", static_cast<int>(outcome.all));
    ::testing::Test::RecordProperty("twice", static_cast<int>(outcome.twice));
    return outcome;
  }

 private:
  // How many writes have returned.
  using Progress = std::array<std::atomic<std::uint64_t>, kThreads>;

  bool write_until_killed(const Write& write, std::uint64_t round) {
    if (write == nullptr) return false;
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (std::uint64_t i = 1;; ++i) {
          write({round, thread, i});
          (*progress_)[thread].store(i);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return true;
  }

  Progress* progress_ = nullptr;
  std::mt19937 random_{std::random_device{}()};
  std::vector<std::array<std::uint64_t, kThreads>> returned_;  // by process
};

}  // namespace stogger
