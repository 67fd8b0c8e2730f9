// Segments: what a queue has moved to the disk, read back, damaged or not.

#include "spool/segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/crc32c.h"
#include "base/uuid.h"
#include "spool/queue_id.h"
#include "spool/segment.h"
#include "spool/spool_folder.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text_of(const QueueRecord& record) {
  return {reinterpret_cast<const char*>(record.bytes.data()),
          record.bytes.size()};
}

TEST(Crc32c, IsThatOfItsStandard) {
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\0'))), 0x8A9136AAU);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\xFF'))), 0x62A8AB43U);
  EXPECT_EQ(crc32c(bytes_of("6789"), crc32c(bytes_of("12345"))), 0xE3069283U);
}

TEST(QueueIdTest, TextIsReadBack) {
  const QueueId id = make_queue_id();
  QueueId read;
  ASSERT_TRUE(read_uuid(uuid_text(id), read));
  EXPECT_EQ(read, id);
  EXPECT_EQ(uuid_text(id).size(), 36U);
  EXPECT_EQ(uuid_text(id)[14], '7');
  for (const char* wrong :
       {"", "01234567", "01a222b6-e1b9-787a-9403-964f55b9f21",
        "01a222b6-e1b9-787a-9403-964f55b9f2189",
        "01A222b6-e1b9-787a-9403-964f55b9f218",
        "01a222b6xe1b9-787a-9403-964f55b9f218"}) {
    EXPECT_FALSE(read_uuid(wrong, read)) << wrong;
  }
}

TEST(QueueIdTest, LaterOnesAreGreater) {
  QueueId before = make_queue_id();
  before[5] = static_cast<std::uint8_t>(before[5] - 1);  // a millisecond before
  EXPECT_LT(before, make_queue_id());
}

TEST(SpoolOwnerTest, TextIsReadBack) {
  const SpoolOwner owner = {"a program", "a sink", "jsonl"};
  SpoolOwner read;
  EXPECT_EQ(read_owner(to_text(owner), &read), OwnerText::read);
  EXPECT_EQ(read, owner);
  EXPECT_EQ(read_owner("", &read), OwnerText::damaged);
  EXPECT_EQ(read_owner("stogger spool 1\nprogram a\nsink b\ntype c", &read),
            OwnerText::damaged);
  EXPECT_EQ(read_owner("stogger spool 2\n", &read), OwnerText::newer);
  EXPECT_EQ(read_owner("stogger spool x\n", &read), OwnerText::damaged);
}

class SegmentsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(folder_.open(temp_.file("x"), {0600, 0700}, false));
  }

  // Records of which the n-th has the text "n", and ends at 16 n.
  void add(Segments& segments, int first, int count) {
    for (int i = first; i < first + count; ++i) {
      const std::string text = std::to_string(i);
      segments.add({bytes_of(text), static_cast<std::uint64_t>(16 * i)});
    }
    ASSERT_OK(segments.flush());
  }
  std::vector<std::string> read_all(Segments& segments,
                                    std::uint64_t after = 0) {
    std::vector<std::string> texts;
    QueueBatch batch;
    std::string problem;
    while (segments.has_after(after)) {
      batch.clear(0);
      if (segments.read(after, 7, 1 << 20, &batch, &problem) !=
          Segments::Read::some) {
        break;
      }
      for (const QueueRecord& record : batch.records) {
        texts.push_back(text_of(record));
      }
      after = batch.records.back().position;
    }
    if (!problem.empty()) problem_ = problem;
    return texts;
  }
  static std::vector<std::string> numbers(int first, int count) {
    std::vector<std::string> numbers;
    for (int i = first; i < first + count; ++i) {
      numbers.push_back(std::to_string(i));
    }
    return numbers;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names = folder_.names();
    std::sort(names.begin(), names.end());
    return names;
  }
  // As the next process finds them.
  std::vector<std::string> found() {
    Segments segments(folder_, queue_);
    EXPECT_OK(segments.find());
    return read_all(segments);
  }
  std::string path() const { return temp_.file(files().front()); }

  TempFolder temp_;
  Folder folder_;
  QueueId queue_ = make_queue_id();
  std::string problem_;
};

TEST_F(SegmentsTest, WhatWasWrittenIsRead) {
  Segments segments(folder_, queue_);
  EXPECT_FALSE(segments.has_after(0));
  add(segments, 1, 100);
  EXPECT_EQ(read_all(segments), numbers(1, 100));
  add(segments, 101, 10);
  EXPECT_EQ(read_all(segments, 16 * 100), numbers(101, 10));
  EXPECT_FALSE(segments.has_after(16 * 110));
  EXPECT_EQ(found(), numbers(1, 110));
  EXPECT_EQ(problem_, "");
}

TEST_F(SegmentsTest, ARecordWithoutBytesIsRead) {
  Segments segments(folder_, queue_);
  segments.add({{}, 16});
  ASSERT_OK(segments.flush());
  EXPECT_EQ(read_all(segments), std::vector<std::string>{""});
}

TEST_F(SegmentsTest, WhatIsAcknowledgedIsRemoved) {
  Segments segments(folder_, queue_);
  add(segments, 1, 10);
  segments.remove_through(16 * 9);
  EXPECT_EQ(files().size(), 1U);
  segments.remove_through(16 * 10);
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_TRUE(segments.empty());
  add(segments, 11, 10);
  EXPECT_EQ(read_all(segments, 16 * 10), numbers(11, 10));
}

TEST_F(SegmentsTest, AFullFileIsFollowedByAnother) {
  Segments segments(folder_, queue_);
  const std::string large(3 << 20, 'x');
  for (std::uint64_t i = 1; i <= 20; ++i) {
    segments.add({bytes_of(large), i * 8});
    ASSERT_OK(segments.flush());
  }
  EXPECT_EQ(files().size(), 4U);
  EXPECT_EQ(read_all(segments).size(), 20U);
  EXPECT_EQ(segments.take_unsynced().size(), 4U);
  EXPECT_TRUE(segments.take_unsynced().empty());
  segments.remove_through(13 * 8);
  EXPECT_EQ(files().size(), 2U);
  EXPECT_EQ(read_all(segments, 13 * 8).size(), 7U);
}

TEST_F(SegmentsTest, WhatCouldNotBeSyncedIsWrittenAgain) {
  Segments segments(folder_, queue_);
  add(segments, 1, 10);
  const std::vector<Segments::Unsynced> before = segments.take_unsynced();
  ASSERT_EQ(before.size(), 1U);
  struct stat old = {};
  ASSERT_EQ(::stat(path().c_str(), &old), 0);
  const std::string bytes = read_file(path());

  segments.note_not_synced(before[0].first);
  EXPECT_TRUE(segments.must_rewrite());
  ASSERT_OK(segments.rewrite());
  EXPECT_FALSE(segments.must_rewrite());
  struct stat copy = {};
  ASSERT_EQ(::stat(path().c_str(), &copy), 0);
  EXPECT_NE(copy.st_ino, old.st_ino);
  EXPECT_EQ(read_file(path()), bytes);
  const std::vector<Segments::Unsynced> after = segments.take_unsynced();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_NE(after[0].file, before[0].file);

  add(segments, 11, 10);  // to the copy
  EXPECT_EQ(files().size(), 1U);
  EXPECT_EQ(read_all(segments), numbers(1, 20));
}

TEST_F(SegmentsTest, WhatIsWrittenAgainWhileItIsReadIsReadToItsEnd) {
  Segments segments(folder_, queue_);
  add(segments, 1, 10);
  QueueBatch batch;
  std::string problem;
  ASSERT_EQ(segments.read(0, 5, 1 << 20, &batch, &problem),
            Segments::Read::some);
  segments.note_not_synced(segments.take_unsynced().at(0).first);
  ASSERT_OK(segments.rewrite());
  add(segments, 11, 10);
  EXPECT_EQ(read_all(segments, batch.records.back().position), numbers(6, 15));
  EXPECT_EQ(problem_, "");
}

TEST_F(SegmentsTest, WhatIsDoneWithIsNotWrittenAgain) {
  Segments segments(folder_, queue_);
  add(segments, 1, 10);
  segments.note_not_synced(segments.take_unsynced().at(0).first);
  segments.remove_through(16 * 10);
  ASSERT_OK(segments.rewrite());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SegmentsTest, WhatAnotherProcessHasLeftIsSynced) {
  {
    Segments segments(folder_, queue_);
    add(segments, 1, 10);
  }
  write_file(path() + ".copy", "it was killed while it wrote this");
  Segments segments(folder_, queue_);
  ASSERT_OK(segments.find());
  EXPECT_EQ(files().size(), 1U);
  const std::vector<Segments::Unsynced> unsynced = segments.take_unsynced();
  ASSERT_EQ(unsynced.size(), 1U);
  EXPECT_EQ(::fdatasync(unsynced[0].file->get()), 0);
  EXPECT_TRUE(segments.take_unsynced().empty());
}

TEST_F(SegmentsTest, TornTailIsCut) {
  {
    Segments segments(folder_, queue_);
    add(segments, 1, 10);
  }
  const std::string whole = read_file(path());
  for (std::size_t size = whole.size() - 1; size > 40; size -= 5) {
    write_file(path(), whole.substr(0, size));
    const std::vector<std::string> texts = found();
    EXPECT_EQ(texts, numbers(1, static_cast<int>((size - 40) / 24)));
    EXPECT_EQ(problem_, "");
    EXPECT_EQ(files().size(), 1U);
  }
}

TEST_F(SegmentsTest, ADamagedRecordIsSetAsideAndTheRestIsRead) {
  {
    Segments segments(folder_, queue_);
    add(segments, 1, 9);
  }
  const std::string whole = read_file(path());
  // Each is of 24 bytes, of which the last 7 only fill it up.
  for (std::size_t at = 40; at < whole.size(); ++at) {
    const std::size_t record = (at - 40) / 24;
    const std::size_t byte = (at - 40) % 24;
    if (byte > 16) continue;
    if (record == 8 && byte < 4) continue;  // this may be a torn tail
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    write_file(path(), damaged);
    problem_.clear();
    std::vector<std::string> expected = numbers(1, 9);
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(record));
    EXPECT_EQ(found(), expected) << at;
    EXPECT_THAT(problem_, HasSubstr("24 bytes of")) << at;
    EXPECT_THAT(problem_, HasSubstr("are damaged")) << at;
    ASSERT_EQ(files().size(), 2U);
    for (const std::string& name : files()) {
      if (!name.ends_with(".damaged")) continue;
      EXPECT_EQ(read_file(temp_.file(name)).size(), 24U);
      std::filesystem::remove(temp_.file(name));
    }
  }
}

TEST_F(SegmentsTest, AFileWithoutAHeadIsSetAsideWhole) {
  {
    Segments segments(folder_, queue_);
    add(segments, 1, 10);
  }
  std::string bytes = read_file(path());
  bytes[3] ^= 1;
  write_file(path(), bytes);
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_THAT(problem_, HasSubstr("is no segment of this queue"));
}

TEST_F(SegmentsTest, AFileThatIsTakenAwayIsReportedAndTheRestGoesOn) {
  Segments segments(folder_, queue_);
  add(segments, 1, 10);
  std::filesystem::remove(path());
  EXPECT_THAT(read_all(segments), IsEmpty());
  EXPECT_THAT(problem_, HasSubstr("is gone; the events in it are lost"));
  EXPECT_FALSE(segments.has_after(0));
  add(segments, 11, 5);
  EXPECT_EQ(read_all(segments), numbers(11, 5));
}

TEST_F(SegmentsTest, AFileThatIsCutByOthersIsReportedAndTheRestGoesOn) {
  Segments segments(folder_, queue_);
  add(segments, 1, 10);
  std::filesystem::resize_file(path(), 40 + 24 * 3);
  EXPECT_EQ(read_all(segments), numbers(1, 3));
  EXPECT_THAT(problem_, HasSubstr("events are missing in"));
  add(segments, 11, 5);
  EXPECT_EQ(read_all(segments, 16 * 10), numbers(11, 5));
}

TEST_F(SegmentsTest, OfAForeignQueueNothingIsRead) {
  {
    Segments segments(folder_, make_queue_id());
    add(segments, 1, 10);
  }
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(SegmentsTest, RandomBytesAreNoRecords) {
  std::mt19937 random(1);
  std::string bytes(1 << 20, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  EXPECT_EQ(find_segment_record(bytes_of(bytes), 0), bytes.size());
}

}  // namespace
}  // namespace stogger
