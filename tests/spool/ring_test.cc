// The ring in memory and in a file, with threads, and with writers and readers
// that are killed at any moment.
#include "spool/ring.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace stogger {
namespace {

// Zeros, which processes share.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t capacity)
      : size_(Ring::kHeaderBytes + capacity),
        data_(static_cast<std::byte*>(
            ::mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~SharedMemory() { ::munmap(data_, size_); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::span<std::byte> all() const { return {data_, size_}; }

 private:
  const std::size_t size_;
  std::byte* const data_;
};

// A record of a test: its length, who wrote it, the how-manieth of his it is,
// and bytes that follow from these.
struct Numbered {
  std::uint32_t size;
  std::uint32_t writer;
  std::uint64_t number;
};

std::byte filler(const Numbered& head, std::size_t i) {
  return static_cast<std::byte>(head.number * 31 + head.writer * 7 + i + 1);
}

bool append(Ring& ring, std::uint32_t writer, std::uint64_t number,
            std::size_t extra) {
  const Numbered head = {static_cast<std::uint32_t>(sizeof(Numbered) + extra),
                         writer, number};
  std::byte* const record = ring.claim(head.size);
  if (record == nullptr) return false;
  std::memcpy(record, &head, sizeof head);
  for (std::size_t i = 0; i < extra; ++i) {
    record[sizeof head + i] = filler(head, i);
  }
  ring.commit(record);
  return true;
}

bool append(Ring& ring, std::string_view text) {
  std::byte* const record = ring.claim(text.size());
  if (record == nullptr) return false;
  std::memcpy(record, text.data(), text.size());
  ring.commit(record);
  return true;
}

// Without the bytes that fill it up to eight.
std::string text_of(std::span<const std::byte> record) {
  std::string text(reinterpret_cast<const char*>(record.data()), record.size());
  return text.substr(0, text.find_last_not_of('\0') + 1);
}

// That it is whole. What it is.
Numbered checked(std::span<const std::byte> record) {
  Numbered head{};
  EXPECT_GE(record.size(), sizeof head);
  std::memcpy(&head, record.data(), sizeof head);
  EXPECT_LE(head.size, record.size());
  EXPECT_LT(record.size(), head.size + 8u);
  std::size_t wrong = 0;
  for (std::size_t i = 0; sizeof head + i < head.size; ++i) {
    wrong += record[sizeof head + i] != filler(head, i);
  }
  EXPECT_EQ(wrong, 0u) << "of record " << head.number;
  return head;
}

constexpr std::size_t kCapacity = Ring::kLeastCapacity;

class RingTest : public ::testing::Test {
 protected:
  RingTest() { ring_.make(memory_.all()); }

  const SharedMemory memory_{kCapacity};
  Ring ring_;
};

TEST_F(RingTest, RecordsComeOutInTheirOrder) {
  EXPECT_TRUE(ring_.read().empty());
  EXPECT_TRUE(append(ring_, "one"));
  EXPECT_TRUE(append(ring_, "the second"));
  EXPECT_EQ(text_of(ring_.read()), "one");
  EXPECT_EQ(text_of(ring_.read()), "the second");
  EXPECT_TRUE(ring_.read().empty());
  EXPECT_EQ(ring_.used(), 16u + 24u) << "until it is released";
  ring_.release(ring_.read_position());
  EXPECT_EQ(ring_.used(), 0u);
}

TEST_F(RingTest, ARecordThatIsBeingWrittenHidesThoseBehindIt) {
  std::byte* const first = ring_.claim(8);
  EXPECT_TRUE(append(ring_, "second"));
  EXPECT_TRUE(ring_.read().empty());
  std::memcpy(first, "first", 6);
  ring_.commit(first);
  EXPECT_EQ(text_of(ring_.read()), "first");
  EXPECT_EQ(text_of(ring_.read()), "second");
}

TEST_F(RingTest, AFullRingTakesNothingUntilSomethingIsReleased) {
  int count = 0;
  while (append(ring_, "sixteen bytes ..")) ++count;
  EXPECT_EQ(count, static_cast<int>(kCapacity / 24));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(ring_.read().empty());
  EXPECT_FALSE(append(ring_, "x")) << "what was read is needed still";
  ring_.release(ring_.read_position());
  EXPECT_TRUE(append(ring_, "x"));
}

TEST_F(RingTest, WhatIsTooLargeIsNotTaken) {
  EXPECT_NE(ring_.claim(ring_.largest_record()), nullptr);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(ring_.claim(ring_.largest_record()), nullptr);
  }
  EXPECT_EQ(ring_.claim(1), nullptr);
}

TEST_F(RingTest, WhatWasNotReleasedCanBeReadAgain) {
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(append(ring_, text));
  EXPECT_EQ(text_of(ring_.read()), "a");
  const std::uint64_t done = ring_.read_position();
  EXPECT_EQ(text_of(ring_.read()), "b");
  ring_.release(done);
  ring_.seek(0);
  EXPECT_EQ(text_of(ring_.read()), "b");
  EXPECT_EQ(text_of(ring_.read()), "c");
}

TEST_F(RingTest, ManyLapsOfRecordsOfAllSizesAreWhole) {
  std::mt19937 random(1);
  std::uint64_t written = 0;
  std::uint64_t read = 0;
  const auto take = [&] {
    const std::span<const std::byte> record = ring_.read();
    if (record.empty()) return false;
    EXPECT_EQ(checked(record).number, read++);
    return true;
  };
  while (written < 100000) {
    const bool is_large = random() % 100 == 0;
    const std::size_t extra =
        is_large ? ring_.largest_record() - sizeof(Numbered) - random() % 9
                 : random() % 300;
    if (append(ring_, 0, written, extra)) {
      ++written;
    } else {
      ASSERT_TRUE(take()) << "a full ring has something to read";
      while (random() % 50 != 0 && take()) {
      }
      ring_.release(ring_.read_position());
    }
  }
  while (take()) {
  }
  EXPECT_EQ(read, written);
}

TEST_F(RingTest, ThreadsLoseAndDoubleNothing) {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint64_t kRecords = 50000;
  std::vector<std::jthread> threads;
  for (std::uint32_t writer = 0; writer < kThreads; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::uint64_t number = 0; number < kRecords; ++number) {
        while (!append(ring_, writer, number, number % 200)) {
          std::this_thread::yield();
        }
      }
    });
  }
  std::uint64_t next[kThreads] = {};
  std::uint64_t count = 0;
  while (count < kThreads * kRecords) {
    const std::span<const std::byte> record = ring_.read();
    if (record.empty()) {
      ring_.release(ring_.read_position());
      std::this_thread::yield();
      continue;
    }
    const Numbered head = checked(record);
    ASSERT_LT(head.writer, kThreads);
    ASSERT_EQ(head.number, next[head.writer]++);
    if (++count % 64 == 0) ring_.release(ring_.read_position());
  }
  EXPECT_TRUE(ring_.read().empty());
}

// Taking over what a process has left.
class RingTakeOver : public RingTest {
 protected:
  // As another process would find it.
  bool take_over() { return next_.take_over(memory_.all()); }
  RingHeader& header() {
    return *reinterpret_cast<RingHeader*>(memory_.all().data());
  }

  Ring next_;
};

TEST_F(RingTakeOver, WhatWasNotReleasedIsThere) {
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(append(ring_, text));
  EXPECT_EQ(text_of(ring_.read()), "a");
  ring_.release(ring_.read_position());
  EXPECT_EQ(text_of(ring_.read()), "b");
  ASSERT_TRUE(take_over());
  EXPECT_EQ(text_of(next_.read()), "b");
  EXPECT_EQ(text_of(next_.read()), "c");
  EXPECT_TRUE(next_.read().empty());
  EXPECT_TRUE(append(next_, "d"));
  EXPECT_EQ(text_of(next_.read()), "d");
}

TEST_F(RingTakeOver, WhatWasNotCommittedIsPassedOver) {
  EXPECT_TRUE(append(ring_, "a"));
  std::memset(ring_.claim(100), 'x', 100);
  EXPECT_TRUE(append(ring_, "b"));
  // The place was taken, and the length was not written yet.
  header().tail += 72;
  EXPECT_TRUE(append(ring_, "c"));
  header().tail += 16;
  ASSERT_TRUE(take_over());
  for (const char* text : {"a", "b", "c"}) {
    EXPECT_EQ(text_of(next_.read()), text);
  }
  EXPECT_TRUE(next_.read().empty());
  EXPECT_TRUE(append(next_, "d"));
  EXPECT_EQ(text_of(next_.read()), "d");
}

TEST_F(RingTakeOver, AReleaseThatWasNotFinishedIsFinished) {
  while (append(ring_, "sixteen bytes ..")) {
  }
  while (!ring_.read().empty()) {
  }
  // Released, and only a part of it filled with zeros yet.
  header().released = ring_.read_position();
  std::memset(memory_.all().data() + Ring::kHeaderBytes, 0, 1000);
  ASSERT_TRUE(take_over());
  EXPECT_TRUE(next_.read().empty());
  for (int lap = 0; lap < 3; ++lap) {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(append(next_, "abc"));
      ASSERT_EQ(text_of(next_.read()), "abc");
    }
    next_.release(next_.read_position());
  }
}

TEST_F(RingTakeOver, WhatIsNoRingIsRefused) {
  const std::span<std::byte> all = memory_.all();
  EXPECT_TRUE(take_over());
  EXPECT_FALSE(next_.take_over(all.first(4096)));
  EXPECT_FALSE(next_.take_over(all.first(100)));
  EXPECT_FALSE(next_.take_over(all.first(all.size() - 8)));
  const auto refused = [&](auto& field, std::uint64_t value) {
    const std::uint64_t before = field;
    field = value;
    const bool is_refused = !take_over();
    field = before;
    return is_refused;
  };
  EXPECT_TRUE(append(ring_, "a"));
  EXPECT_TRUE(refused(header().magic, 1));
  EXPECT_TRUE(refused(header().capacity, kCapacity * 2));
  EXPECT_TRUE(refused(header().tail, 7));
  EXPECT_TRUE(refused(header().tail, kCapacity + 8));
  EXPECT_TRUE(refused(header().released, 24));
  EXPECT_TRUE(refused(header().cleared, 8));
  EXPECT_TRUE(take_over());
}

// Whatever is in the memory, reading ends, and stays inside of it.
TEST_F(RingTakeOver, AnyBytesCanBeRead) {
  std::mt19937_64 random(7);
  const std::span<std::byte> all = memory_.all();
  for (int round = 0; round < 200; ++round) {
    for (std::size_t i = 0; i < kCapacity; i += 8) {
      const std::uint64_t word = random() % 4 == 0 ? random() : random() % 3000;
      std::memcpy(all.data() + Ring::kHeaderBytes + i, &word, 8);
    }
    header().cleared = header().released = random() % 100 * 8;
    header().tail = header().released + random() % (kCapacity / 8) * 8;
    ASSERT_TRUE(take_over());
    const std::byte* const end = all.data() + all.size();
    for (auto record = next_.read(); !record.empty(); record = next_.read()) {
      ASSERT_LE(record.data() + record.size(), end);
    }
    EXPECT_LE(next_.read_position(), next_.tail());
  }
}

// A process of four threads that write as fast as they can, and one that reads,
// is killed at a random moment; and again, and again, on the same ring.
TEST_F(RingTakeOver, KilledProcessesLoseAndDoubleNothing) {
  constexpr std::uint32_t kThreads = 4;
  constexpr int kKills = 60;
  // What the threads know to be committed, and what the reader has had and
  // released, or is about to release.
  struct Known {
    std::atomic<std::uint64_t> committed[kThreads];
    std::atomic<std::uint64_t> read[kThreads];
  };
  const SharedMemory shared(sizeof(Known));
  auto& known = *new (shared.all().data()) Known{};

  const auto read_one = [&](Ring& ring) {
    const std::span<const std::byte> record = ring.read();
    if (record.empty()) return false;
    const Numbered head = checked(record);
    // Those read before and not released come again.
    if (head.number >= known.read[head.writer]) {
      EXPECT_EQ(head.number, known.read[head.writer]) << "one is missing";
      known.read[head.writer] = head.number + 1;
    }
    return true;
  };
  const auto live = [&] {
    Ring ring;
    if (!ring.take_over(memory_.all())) ::_exit(1);
    std::vector<std::thread> threads;
    for (std::uint32_t writer = 0; writer < kThreads; ++writer) {
      threads.emplace_back([&, writer] {
        // One more than is known may have been committed.
        std::uint64_t number = known.committed[writer];
        while (true) {
          if (append(ring, writer, number, number % 200)) {
            known.committed[writer] = ++number;
          }
        }
      });
    }
    int count = 0;
    while (true) {
      if (!read_one(ring) || ++count % 16 == 0) {
        ring.release(ring.read_position());
      }
      if (::testing::Test::HasFailure()) ::_exit(2);
    }
  };

  std::mt19937 random(11);
  std::uint64_t total = 0;
  for (int i = 0; i < kKills; ++i) {
    const pid_t child = ::fork();
    ASSERT_NE(child, -1);
    if (child == 0) live();
    ::usleep(static_cast<useconds_t>(500 + random() % 6000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it failed before it was killed";
    // Read what it has left. A writer may have committed one without having
    // noted it: that one counts as well.
    ASSERT_TRUE(take_over());
    while (read_one(next_)) {
    }
    next_.release(next_.read_position());
    for (std::uint32_t writer = 0; writer < kThreads; ++writer) {
      const std::uint64_t committed = known.committed[writer];
      const std::uint64_t read = known.read[writer];
      ASSERT_TRUE(read == committed || read == committed + 1)
          << read << " of " << committed << " of writer " << writer;
      known.committed[writer] = read;
      total += read;
    }
  }
  EXPECT_GT(total, 1000u);
}

}  // namespace
}  // namespace stogger
