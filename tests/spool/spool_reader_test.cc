// Looking at queues on disk, whole and damaged ones.

#include "spool/spool_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "tests/support/made_queue.h"
#include "tests/support/processes.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tree.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using RingUse = SpoolReader::RingUse;
namespace fs = std::filesystem;

// Records have eight bytes each, so that nothing fills them up.
std::string record_of(int number) {
  std::string text = std::to_string(number);
  return std::string(8 - text.size(), '0') + text;
}

std::vector<std::string> records(int first, int count) {
  std::vector<std::string> all;
  for (int i = first; i < first + count; ++i) all.push_back(record_of(i));
  return all;
}

class SpoolReaderTest : public ::testing::Test {
 protected:
  void add(MadeQueue& queue, int first, int count) {
    for (int i = first; i < first + count; ++i) {
      queue.add(as_bytes(record_of(i)));
    }
  }
  // Ten records in a segment, and five in the ring.
  void fill(MadeQueue& queue) {
    add(queue, 0, 10);
    queue.spill();
    add(queue, 10, 5);
  }
  std::vector<std::string> read_all(SpoolReader& reader) {
    std::vector<std::string> all;
    QueueRecord record;
    std::string problem;
    std::uint64_t before = 0;
    while (reader.next(&record, &problem)) {
      EXPECT_GT(record.position, before);
      before = record.position;
      all.emplace_back(reinterpret_cast<const char*>(record.bytes.data()),
                       record.bytes.size());
      if (!problem.empty()) problems_.push_back(std::exchange(problem, {}));
    }
    if (!problem.empty()) problems_.push_back(problem);
    return all;
  }
  static std::string segment_of(const MadeQueue& queue) {
    for (const auto& entry : fs::directory_iterator(queue.path())) {
      if (entry.path().extension() == ".segment") return entry.path();
    }
    return {};
  }
  static void flip(const std::string& path, std::size_t at) {
    std::string bytes = read_file(path);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
    write_file(path, bytes);
  }
  static void set_number(const std::string& path, std::size_t at,
                         std::uint64_t number) {
    std::string bytes = read_file(path);
    std::memcpy(bytes.data() + at, &number, sizeof number);
    // The same file: a copy is something else.
    std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  TempFolder folder_;
  std::string spool_ = folder_.file("spool");
  std::vector<std::string> problems_;
  SpoolReader reader_{""};
};

TEST_F(SpoolReaderTest, WhatIsInSegmentsComesBeforeWhatIsInTheRing) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_EQ(reader_.owner_text(), OwnerText::read);
  EXPECT_EQ(reader_.owner(), (SpoolOwner{"shop", "audit", "jsonl"}));
  EXPECT_EQ(reader_.queue(), queue.id());
  EXPECT_EQ(reader_.ring(), RingUse::read);
  EXPECT_FALSE(reader_.is_copy());
  EXPECT_EQ(reader_.segment_bytes(), 40U + 10 * 24);
  EXPECT_EQ(reader_.ring_bytes(), 5U * 16);
  EXPECT_EQ(read_all(reader_), records(0, 15));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SpoolReaderTest, LookingChangesNothing) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.begin(100);
  queue.let_go();
  flip(segment_of(queue), 40 + 24 + 16);
  const auto before = tree_of(spool_);
  for (int i = 0; i < 2; ++i) {
    SpoolReader reader("");
    ASSERT_OK(reader.open(queue.path()));
    EXPECT_EQ(read_all(reader).size(), 14U);
  }
  EXPECT_EQ(tree_of(spool_), before);
}

TEST_F(SpoolReaderTest, WhatWasDeliveredIsNotRead) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.deliver(4);
  queue.let_go();
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_EQ(read_all(reader_), records(4, 11));
}

TEST_F(SpoolReaderTest, OfAQueueInUseOnlySegmentsAreRead) {
  MadeQueue queue(spool_);
  fill(queue);
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_TRUE(reader_.is_in_use());
  EXPECT_EQ(read_all(reader_), records(0, 10));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SpoolReaderTest, WhatTheOwnerDeliversMeanwhileIsNoDamage) {
  MadeQueue queue(spool_);
  fill(queue);
  ASSERT_OK(reader_.open(queue.path()));
  queue.deliver(100);
  EXPECT_EQ(segment_of(queue), "");
  EXPECT_THAT(read_all(reader_), IsEmpty());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SpoolReaderTest, LookingTakesNoLock) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  ASSERT_OK(reader_.open(queue.path()));
  SpoolFolder other(spool_, "");
  EXPECT_EQ(other.take_over({"shop", "audit", "jsonl"}, queue.path()),
            SpoolFolder::Taken::yes);
  EXPECT_EQ(read_all(reader_), records(0, 15));
}

TEST_F(SpoolReaderTest, EachDamageIsReportedWhereItIs) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  flip(segment_of(queue), 40 + 16);
  flip(segment_of(queue), 40 + 24 * 5 + 16);
  ASSERT_OK(reader_.open(queue.path()));
  std::vector<std::string> expected = records(0, 15);
  expected.erase(expected.begin() + 5);
  expected.erase(expected.begin());
  EXPECT_EQ(read_all(reader_), expected);
  EXPECT_THAT(problems_,
              ElementsAre(HasSubstr("24 bytes of"), HasSubstr("24 bytes of")));
}

TEST_F(SpoolReaderTest, ACopyIsReadAndKnown) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  const std::string copy = folder_.file(uuid_text(queue.id()));
  fs::copy(queue.path(), copy);
  ASSERT_OK(reader_.open(copy));
  EXPECT_TRUE(reader_.is_copy());
  EXPECT_EQ(read_all(reader_), records(0, 15));
}

TEST_F(SpoolReaderTest, ARingElsewhereIsFound) {
  const std::string rings = folder_.file("rings");
  MadeQueue queue(spool_, rings);
  fill(queue);
  queue.let_go();
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_EQ(reader_.ring(), RingUse::read);
  EXPECT_EQ(read_all(reader_), records(0, 15));
  const std::string others = folder_.file("others");
  fs::rename(rings, others);
  SpoolReader elsewhere(others);
  ASSERT_OK(elsewhere.open(queue.path()));
  EXPECT_EQ(read_all(elsewhere), records(0, 15));
  SpoolReader without("");
  EXPECT_FALSE(without.open(queue.path()).ok());
}

TEST_F(SpoolReaderTest, ARingFromBeforeTheMachineWasStartedIsNotRead) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  set_number(queue.path() + "/ring", SpoolHeader::kOffset + 24, 1);
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_EQ(reader_.ring(), RingUse::before_boot);
  EXPECT_EQ(reader_.ring_bytes(), 5U * 16);
  EXPECT_EQ(read_all(reader_), records(0, 10));
}

TEST_F(SpoolReaderTest, ADamagedRingIsNotRead) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  for (const std::size_t at : {std::size_t{0}, std::size_t{8}, std::size_t{64},
                               SpoolHeader::kOffset}) {
    const std::string bytes = read_file(queue.path() + "/ring");
    set_number(queue.path() + "/ring", at, 12345);
    SpoolReader reader("");
    ASSERT_OK(reader.open(queue.path()));
    EXPECT_EQ(reader.ring(), RingUse::damaged) << at;
    EXPECT_EQ(read_all(reader), records(0, 10)) << at;
    write_file(queue.path() + "/ring", bytes);
  }
}

// Nothing of these may keep the reader busy for ever.
TEST_F(SpoolReaderTest, PositionsThatCannotBeEndNothingButTheRing) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  constexpr std::size_t kAcknowledged = SpoolHeader::kOffset + 72;
  for (const std::uint64_t position :
       {std::uint64_t{17}, std::uint64_t{1} << 60, UINT64_MAX}) {
    set_number(queue.path() + "/ring", kAcknowledged, position);
    SpoolReader reader("");
    ASSERT_OK(reader.open(queue.path()));
    EXPECT_EQ(reader.ring(), RingUse::read);
    EXPECT_LE(read_all(reader).size(), 15U) << position;
  }
}

TEST_F(SpoolReaderTest,
       ASegmentBehindTheEndOfTheRingIsReadAndThenTheEndIsThere) {
  MadeQueue queue(spool_);
  add(queue, 0, 3);
  queue.let_go();
  Folder folder;
  ASSERT_OK(folder.open(queue.path() + "/any", {0600, 0700}, false));
  Segments segments(folder, queue.id());
  segments.add({as_bytes(record_of(7)), (std::uint64_t{1} << 60) + 3});
  ASSERT_OK(segments.flush());
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_EQ(read_all(reader_), records(7, 1));
}

TEST_F(SpoolReaderTest, WhatIsNoQueueIsRefused) {
  EXPECT_EQ(reader_.open(folder_.path()).code(), Code::invalid);
  const std::string path = folder_.file(uuid_text(make_queue_id()));
  EXPECT_EQ(reader_.open(path).code(), Code::unavailable);
  fs::create_directory(path);
  EXPECT_EQ(reader_.open(path).code(), Code::invalid);
}

TEST_F(SpoolReaderTest, OfALaterVersionNothingIsRead) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  write_file(queue.path() + "/lock", "stogger spool 2\nanything\n");
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_EQ(reader_.owner_text(), OwnerText::newer);
  EXPECT_THAT(read_all(reader_), IsEmpty());
}

TEST_F(SpoolReaderTest, WithoutAnOwnerTheEventsAreRead) {
  MadeQueue queue(spool_);
  fill(queue);
  queue.let_go();
  write_file(queue.path() + "/lock", "");
  ASSERT_OK(reader_.open(queue.path()));
  EXPECT_EQ(reader_.owner_text(), OwnerText::damaged);
  EXPECT_EQ(read_all(reader_), records(0, 15));
}

}  // namespace
}  // namespace stogger
