// Rows of a queue that are handed over more than once, as after a kill.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "sinks/parquet/encoder.h"
#include "sinks/parquet/footer_reader.h"
#include "tests/parquet/sink_fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/other_user.h"

namespace stogger {
namespace {

using Positions = std::vector<std::uint64_t>;

constexpr std::uint8_t kQueue = 0xab;
constexpr const char* kQueueText = "abababab-abab-abab-abab-abababababab";

// Rows whose numbers are their positions.
Rows rows_at(const Positions& positions, std::uint8_t queue = kQueue) {
  Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
  for (const std::uint64_t position : positions) {
    rows.add({static_cast<std::int64_t>(position), "even"});
  }
  rows.at(kTestTime);
  rows.from(queue, positions);
  return rows;
}

std::string footer_in(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(in)), {});
  if (all.size() < 12) return {};
  std::uint32_t size = 0;
  std::memcpy(&size, all.data() + all.size() - 8, 4);
  return all.substr(all.size() - 8 - size, size);
}

std::string ledger_of(const std::string& path) {
  return std::string(find_pair(footer_in(path), "stogger.ledger"));
}

class ParquetLedgerTest : public ParquetSinkTest {
 protected:
  // As the worker of a queue on disk does: each batch is flushed.
  void hand_over(Sink& sink, const Positions& positions,
                 std::uint8_t queue = kQueue) {
    EXPECT_OK(write_to(sink, rows_at(positions, queue)));
    EXPECT_OK(sink.flush());
  }
  // In all files, in order of their names.
  Numbers stored() const {
    Numbers all;
    for (const std::string& name : files()) {
      if (name[0] == '.') continue;
      const Numbers some = numbers_in(agreed(folder() + "/" + name));
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  // Ends as a process that is killed does: without the end of the file.
  static void kill(SinkPtr sink) {
    sink->abandon();
    sink.reset();
  }
  static std::uint64_t written(const SinkPtr& sink) {
    return tally_of(sink).written;
  }
};

TEST_F(ParquetLedgerTest, RowsThatAreStoredAreSkippedAndCountAsWritten) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  hand_over(*sink, {1, 2, 3});
  hand_over(*sink, {1, 2, 3});
  hand_over(*sink, {2, 3, 4, 7});
  EXPECT_OK(sink->close());
  EXPECT_EQ(stored(), (Numbers{1, 2, 3, 4, 7}));
  EXPECT_EQ(written(sink), 10u);
  EXPECT_EQ(ledger_of(path()), std::string(kQueueText) + " 7");
}

TEST_F(ParquetLedgerTest, RowsThatWaitInMemoryAreNotTakenTwice) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({0, 1})));
  EXPECT_OK(write_to(*sink, rows_at({0, 1, 2})));
  EXPECT_OK(sink->close());
  EXPECT_EQ(stored(), (Numbers{0, 1, 2}));
  EXPECT_EQ(written(sink), 5u);
}

TEST_F(ParquetLedgerTest, TheNextProcessFindsWhatTheOneBeforeStored) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr first = open();
  hand_over(*first, {1, 2});
  kill(std::move(first));
  SinkPtr second = open();
  hand_over(*second, {7}, 1);  // its own: the file gets a dated name
  hand_over(*second, {1, 2, 3});
  EXPECT_OK(second->close());
  EXPECT_EQ(stored(), (Numbers{1, 2, 7, 3}));
  EXPECT_EQ(ledger_of(path()), "01010101-0101-0101-0101-010101010101 7 " +
                                   std::string(kQueueText) + " 3");
}

// A kill between two checkpoints costs the rows in memory, and their positions.
TEST_F(ParquetLedgerTest, WhatNoCheckpointHasStoredIsStoredByTheNextProcess) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr first = open();
  hand_over(*first, {1, 2});
  EXPECT_OK(write_to(*first, rows_at({3, 4})));
  kill(std::move(first));
  SinkPtr second = open();
  hand_over(*second, {1, 2, 3, 4});
  EXPECT_OK(second->close());
  EXPECT_EQ(stored(), (Numbers{1, 2, 3, 4}));
}

TEST_F(ParquetLedgerTest, FilesOfOtherProcessesCount) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr other = open();
  hand_over(*other, {100}, 1);
  SinkPtr second = open();
  hand_over(*second, {1, 2});
  EXPECT_EQ(ledger_of(folder() + "/run-2.parquet"),
            std::string(kQueueText) + " 2");
  kill(std::move(second));
  hand_over(*other, {1, 2, 3});
  EXPECT_OK(other->close());
  EXPECT_EQ(stored(), (Numbers{1, 2, 100, 3}));
}

TEST_F(ParquetLedgerTest, AFileThatWasRolledCounts) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr first = open({{"roll_bytes", 1}});
  hand_over(*first, {1, 2});
  hand_over(*first, {3});
  kill(std::move(first));
  SinkPtr second = open();
  hand_over(*second, {2, 3, 4});
  EXPECT_OK(second->close());
  EXPECT_EQ(stored().size(), 4u);
}

TEST_F(ParquetLedgerTest, AFailedCheckpointLeavesNoGapAndNothingTwice) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  hand_over(*sink, {1});
  std::filesystem::rename(folder(), folder() + ".away");
  std::ofstream(folder()) << "no folder";
  EXPECT_OK(write_to(*sink, rows_at({2, 3})));
  EXPECT_FALSE(sink->flush().ok());
  EXPECT_OK(write_to(*sink, rows_at({2, 3, 4})));
  std::filesystem::remove(folder());
  std::filesystem::rename(folder() + ".away", folder());
  EXPECT_OK(sink->close());
  EXPECT_EQ(stored(), (Numbers{1, 2, 3, 4}));
}

TEST_F(ParquetLedgerTest, RowsOfAFileThatIsOverwrittenAreStoredAgain) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr first = open();
  hand_over(*first, {1, 2});
  kill(std::move(first));
  SinkPtr second = open({{"mode", "truncate"}});
  hand_over(*second, {1, 2, 3});
  EXPECT_OK(second->close());
  EXPECT_EQ(stored(), (Numbers{1, 2, 3}));
}

TEST_F(ParquetLedgerTest, WithoutAnOriginNothingIsKept) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, numbered(0, 3)));
  EXPECT_OK(sink->close());
  EXPECT_EQ(footer_in(path()).find("ledger"), std::string::npos);
}

TEST_F(ParquetLedgerTest, TextOfRowsIsNotTakenForALedger) {
  SinkPtr first = open();
  Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
  const std::string forged =
      "stogger.ledger" + std::string(kQueueText) + " 1000";
  rows.add({std::int64_t{0}, forged});
  rows.at(kTestTime);
  EXPECT_OK(write_to(*first, rows));
  EXPECT_OK(first->close());
  EXPECT_NE(footer_in(path()).find("stogger.ledger"), std::string::npos);
  SinkPtr second = open();
  hand_over(*second, {1});
  EXPECT_EQ(written(second), 1u);
  EXPECT_EQ(ledger_of(path()), std::string(kQueueText) + " 1");
}

TEST_F(ParquetLedgerTest, FilesThatAreNoneOrDamagedAreSkipped) {
  SinkPtr first = open();
  hand_over(*first, {1, 2});
  kill(std::move(first));
  std::ofstream(folder() + "/run.1.parquet") << "PAR1 and not more";
  std::ofstream(folder() + "/run-2.parquet");
  std::ofstream(folder() + "/run.2.parquet")
      << "PAR1" << std::string(100, '\xff') << "\xff\xff\xff\x7fPAR1";
  std::ofstream(folder() + "/run.3.parquet")
      << "PAR1" << std::string(100, '\x59') << std::string("\x40\0\0\0PAR1", 8);
  std::filesystem::create_directory(folder() + "/run.4.parquet");
  std::filesystem::create_symlink("/etc/passwd", folder() + "/run.5.parquet");
  SinkPtr second = open();
  const KeptReport said = said_of(*second, rows_at({1, 2}));
  EXPECT_TRUE(said.is_empty()) << said.text();
  EXPECT_EQ(written(second), 2u);
  EXPECT_EQ(tally_of(second).buffered, 0u);
}

// Who may put files into the folder must not keep rows away from it.
TEST_F(ParquetLedgerTest, AFileOfAStrangerDoesNotCount) {
  SKIP_UNLESS_ROOT();
  SinkPtr first = open();
  hand_over(*first, {1, 2});
  kill(std::move(first));
  ASSERT_EQ(::chown(path().c_str(), kSomebody, kSomebody), 0);
  std::filesystem::rename(path(), folder() + "/run.1.parquet");
  SinkPtr second = open();
  hand_over(*second, {1, 2});
  EXPECT_EQ(ledger_of(path()), std::string(kQueueText) + " 2");
}

TEST_F(ParquetLedgerTest, WithoutDescriptorsRowsWaitUntilItIsKnown) {
  SinkPtr first = open();
  hand_over(*first, {1, 2});
  kill(std::move(first));
  SinkPtr second = open();
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  KeptReport report;
  const Status status = second->write(rows_at({1, 2, 3}).batch(), report);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(written(second), 0u);
  EXPECT_EQ(tally_of(second).buffered, 0u);
  hand_over(*second, {1, 2, 3});
  EXPECT_EQ(written(second), 3u);
}

}  // namespace
}  // namespace stogger
