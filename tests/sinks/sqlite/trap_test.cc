// What others who may write to a database can put beside it, and what the sink
// does then.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "sinks/builtin.h"
#include "tests/support/kept_report.h"
#include "tests/support/other_user.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr const char* kModes[] = {"WAL", "DELETE", "TRUNCATE"};
constexpr std::size_t kPage = 4096;
constexpr std::string_view kMagic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);

void append_number(std::string* text, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    *text += static_cast<char>(number >> shift & 0xFF);
  }
}

std::uint32_t sum_of(std::string_view text) {
  std::uint32_t sum = 0;
  for (const char c : text) {
    sum += static_cast<std::uint32_t>(static_cast<signed char>(c));
  }
  return sum;
}

// What SQLite leaves beside a database when it is interrupted: it leads back to
// `database`, a whole file, and names the file that says whether it counts.
std::string make_journal(std::string_view database,
                         std::string_view super_journal) {
  constexpr std::uint32_t kNonce = 1234;
  constexpr std::uint32_t kSector = 512;
  const auto pages = static_cast<std::uint32_t>(database.size() / kPage);
  std::string journal(kMagic);
  for (const std::uint32_t number : {pages, kNonce, pages, kSector}) {
    append_number(&journal, number);
  }
  append_number(&journal, kPage);
  journal.resize(kSector);
  for (std::uint32_t i = 0; i < pages; ++i) {
    const std::string_view page = database.substr(i * kPage, kPage);
    std::uint32_t sum = kNonce;
    for (std::size_t at = kPage - 200; at > 0 && at < kPage; at -= 200) {
      sum += static_cast<unsigned char>(page[at]);
    }
    append_number(&journal, i + 1);
    journal += page;
    append_number(&journal, sum);
  }
  append_number(&journal, 0x40000000 / kPage + 1);
  journal += super_journal;
  append_number(&journal, static_cast<std::uint32_t>(super_journal.size()));
  append_number(&journal, sum_of(super_journal));
  return journal += kMagic;
}

class SqliteTrap : public ::testing::Test {
 protected:
  SinkPtr make(std::string_view mode, const std::string& path) {
    return make_or_throw(make_sqlite_sink,
                         {{"path", path}, {"journal_mode", mode}});
  }
  SinkPtr make(std::string_view mode) { return make(mode, path_); }

  // One row in the database, and a journal that leads back to no row.
  void plant(std::string_view mode, const std::string& super_journal) {
    for (const char* const part : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path_ + part);
    }
    SinkPtr sink = make(mode);
    ASSERT_OK(sink->open());
    ASSERT_OK(sink->close());
    const std::string before = read_file(path_);
    ASSERT_OK(sink->open());
    ASSERT_OK(write_to(*sink, table_rows({{}})));
    ASSERT_OK(sink->close());
    ASSERT_EQ(SqliteQuery(path_).one(kCount), "1");
    write_file(path_ + "-journal", make_journal(before, super_journal));
  }

  // The sink works, and has undone what the journal leads back from.
  void expect_works(std::string_view mode) {
    SinkPtr sink = make(mode);
    ASSERT_OK(sink->open());
    const std::string journal = path_ + "-journal";
    EXPECT_TRUE(!std::filesystem::exists(journal) ||
                std::filesystem::is_empty(journal));
    EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
    EXPECT_OK(sink->close());
    EXPECT_EQ(SqliteQuery(path_).one(kCount), "2");
  }

  static bool set_mode(SqliteQuery& other, const std::string& mode) {
    return other.rows("PRAGMA journal_mode=" + mode)[0][0].value().text() ==
           mode;
  }

  TempFolder folder_;
  TempFolder elsewhere_;
  const std::string path_ = folder_.file("log.db");
};

TEST_F(SqliteTrap, AFileThatAJournalNamesIsNotTouched) {
  for (const char* const mode : kModes) {
    for (const std::string& victim :
         {elsewhere_.file("victim"), folder_.file("victim"),
          folder_.file("log.db-mj01234569A1"), path_ + ".lock"}) {
      plant(mode, victim);
      write_file(victim, "precious");
      expect_works(mode);
      EXPECT_EQ(read_file(victim), "precious") << mode << " " << victim;
      std::filesystem::remove(victim);
    }
  }
}

// A file that is named lists journals in its turn.
TEST_F(SqliteTrap, AFileThatANamedFileNamesIsNotTouched) {
  const std::string list = folder_.file("list");
  const std::string victim = elsewhere_.file("victim");
  plant("WAL", list);
  write_file(list, victim + std::string(1, '\0'));
  write_file(victim, "precious");
  ASSERT_EQ(::chmod(victim.c_str(), 0), 0);
  expect_works("WAL");
  EXPECT_EQ(read_file(list), victim + std::string(1, '\0'));
  EXPECT_TRUE(std::filesystem::exists(victim));
}

TEST_F(SqliteTrap, TheLogOfAnotherSinkIsNotTouched) {
  const std::string other_path = elsewhere_.file("other.db");
  SinkPtr other = make("WAL", other_path);
  ASSERT_OK(other->open());
  ASSERT_OK(write_to(*other, table_rows({{}})));
  // The other sink calls its files so.
  std::string named;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (target == elsewhere_.path()) {
      named = "/proc/self/fd/" + entry.path().filename().string();
    }
  }
  ASSERT_FALSE(named.empty());
  plant("WAL", named + "/other.db-wal");
  expect_works("WAL");
  EXPECT_TRUE(std::filesystem::exists(other_path + "-wal"));
  EXPECT_OK(write_to(*other, table_rows({{}})));
  EXPECT_EQ(SqliteQuery(other_path).one(kCount), "2");
}

// A transaction over several files that did not come to its end.
TEST_F(SqliteTrap, AJournalIsRolledBackWhetherTheFileItNamesIsThereOrNot) {
  for (const char* const mode : kModes) {
    plant(mode, elsewhere_.file("missing"));
    expect_works(mode);
  }
}

// ---- Leases, which make open(2) wait

TEST_F(SqliteTrap, AFileWithALeaseIsNotWaitedFor) {
  SKIP_UNLESS_ROOT();
  ASSERT_EQ(::chown(folder_.path().c_str(), 0, kSharedGroup), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 02770), 0);
  for (const char* const part : {"", "-wal", "-shm"}) {
    const std::string held = path_ + part;
    SinkPtr sink = make("WAL");
    ASSERT_OK(sink->open());
    ASSERT_OK(sink->close());
    const std::string kept = *part == '\0' ? read_file(path_) : "";
    std::filesystem::remove(held);
    write_file(held, kept);
    for (const std::string& file : {path_, held}) {
      ASSERT_EQ(::chown(file.c_str(), kSomebody, kSharedGroup), 0);
      ASSERT_EQ(::chmod(file.c_str(), 0660), 0);
    }
    std::filesystem::remove(path_ + ".lock");
    Signal holds;
    Signal end;
    const pid_t holder = start_child([&] {
      if (!become(kSomebody, {kSharedGroup})) return false;
      ::signal(SIGIO, SIG_IGN);
      const int file = ::open(held.c_str(), O_RDWR | O_CLOEXEC);
      const bool fine = ::fcntl(file, F_SETLEASE, F_WRLCK) == 0;
      holds.give();
      return fine && end.take();
    });
    ASSERT_TRUE(holds.take());
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(as_user(kNobody,
                        [&] {
                          const SinkPtr other = make("WAL");
                          return !other->open().ok();
                        },
                        {kSharedGroup}))
        << part;
    EXPECT_LT(std::chrono::steady_clock::now() - begin,
              std::chrono::seconds(15))
        << part;
    end.give();
    EXPECT_TRUE(succeeded(holder)) << part;
    for (const char* const left : {"", "-wal", "-shm", "-journal", ".lock"}) {
      std::filesystem::remove(path_ + left);
    }
  }
}

// ---- The index of the log, which is mapped

TEST_F(SqliteTrap, ASinkWithoutALogCannotBeEndedByCuttingAnIndex) {
  Signal open;
  Signal cut;
  const pid_t child = start_child([&] {
    SinkPtr sink = make("DELETE");
    if (!sink->open().ok() || !write_to(*sink, table_rows({{}})).ok())
      return false;
    open.give();
    if (!cut.take()) return false;
    // Not open any more, perhaps; but alive.
    static_cast<void>(write_to(*sink, table_rows({{}})));
    open.give();
    if (!cut.take()) return false;
    const Status status = write_to(*sink, table_rows({{}}));
    return status.message().find("journal_mode to WAL") !=
           std::string_view::npos;
  });
  ASSERT_TRUE(open.take());
  // Another program, which is killed and leaves all as it is.
  ASSERT_TRUE(in_child([&] {
    auto* const never_closed = new SqliteQuery(path_);
    return set_mode(*never_closed, "wal") && never_closed->one(kCount) == "1";
  }));
  ASSERT_TRUE(std::filesystem::exists(path_ + "-shm"));
  cut.give();
  ASSERT_TRUE(open.take());
  ASSERT_EQ(::truncate((path_ + "-shm").c_str(), 0), 0);
  cut.give();
  EXPECT_TRUE(succeeded(child));
}

TEST_F(SqliteTrap, ASinkWithoutALogRecoversWhenTheLogIsGone) {
  SinkPtr sink = make("DELETE");
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  {
    SqliteQuery other(path_);
    ASSERT_TRUE(set_mode(other, "wal"));
    other.run(
        "INSERT INTO stogger_logs (timestamp, level, event, data) VALUES "
        "('', '', '', '')");
    EXPECT_FALSE(write_to(*sink, table_rows({{}})).ok());
    EXPECT_OK(sink->close());
    EXPECT_FALSE(sink->open().ok());  // it is in use
  }
  ASSERT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  // Others are let in again.
  EXPECT_EQ(SqliteQuery(path_).one(kCount), "3");
  EXPECT_EQ(SqliteQuery(path_).rows("PRAGMA journal_mode")[0][0].value().text(),
            "delete");
}

TEST_F(SqliteTrap, ALogThatACrashHasLeftIsReadByASinkWithoutOne) {
  ASSERT_TRUE(in_child([&] {
    Sink* const never_closed = make("WAL").release();
    return never_closed->open().ok() &&
           write_to(*never_closed, table_rows({{}, {}})).ok();
  }));
  ASSERT_TRUE(std::filesystem::exists(path_ + "-wal"));
  SinkPtr sink = make("TRUNCATE");
  ASSERT_OK(sink->open());
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(SqliteQuery(path_).one(kCount), "3");
}

TEST_F(SqliteTrap, ALogThatAGroupMayWriteIsAdvisedAgainst) {
  const auto advice = [&](const std::vector<Field>& fields) {
    Options options("sqlite", Fields(fields.data(), fields.size()));
    SinkPtr sink;
    EXPECT_OK(make_sqlite_sink(options, &sink));
    std::string text;
    for (const OptionProblem& warning : OptionsAccess::warnings(options)) {
      text += warning.text;
    }
    return text;
  };
  EXPECT_EQ(
      advice({{"path", path_}, {"file_mode", "0660"}}),
      "\"file_mode\" lets a group write, and journal_mode is WAL: each user "
      "of that group can end the programs that log here; set "
      "journal_mode = \"DELETE\" if not all of them are trusted");
  EXPECT_EQ(advice({{"path", path_}}), "");
  EXPECT_EQ(
      advice(
          {{"path", path_}, {"file_mode", "0660"}, {"journal_mode", "DELETE"}}),
      "");
}

}  // namespace
}  // namespace stogger
