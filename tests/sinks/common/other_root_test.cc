// What becomes of files after chroot(2), when no path leads to them, and in a
// process that has given up its rights.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "sinks/builtin.h"
#include "tests/support/kept_report.h"
#include "tests/support/other_user.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

struct OtherRootCase {
  const char* name;
  SinkFactory factory;
  std::vector<Field> options;
};

void PrintTo(const OtherRootCase& one, std::ostream* out) { *out << one.name; }

class OtherRoot : public ::testing::TestWithParam<OtherRootCase> {
 protected:
  static constexpr int kRows = 20;

  void SetUp() override {
    SKIP_UNLESS_ROOT();
    std::filesystem::create_directory(jail_);
  }
  bool write_from_jail(bool in_jail, uid_t user) {
    return in_child([&] {
      std::vector<Field> options = GetParam().options;
      options.push_back({"path", path_});
      SinkPtr sink = make_or_throw(GetParam().factory, options);
      if (!sink->open().ok() || (in_jail && ::chroot(jail_.c_str()) != 0) ||
          ::chdir("/") != 0 || (user != 0 && !become(user))) {
        return false;
      }
      Time now = kTestTime;
      bool fine = true;
      for (int i = 0; i < kRows && fine; ++i) {
        now.ns += 1000000000;
        // That it cannot be rotated is a notice.
        KeptReport said;
        fine = sink->write(table_rows({{}}, now), said).ok() &&
               said.refused.empty();
      }
      return fine && sink->close().ok();
    });
  }
  // In all files of the sink.
  long rows() const {
    if (GetParam().factory == make_sqlite_sink) {
      return std::stol(SqliteQuery(path_).one(kCount));
    }
    long count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      const std::string text = read_file(entry.path().string());
      count += std::count(text.begin(), text.end(), '\n');
    }
    return GetParam().factory == make_csv_sink ? count - 1 : count;
  }

  TempFolder folder_;
  const std::string path_ = folder_.file("app.log");
  const std::string jail_ = folder_.file("jail");
};

TEST_P(OtherRoot, WhatIsOpenGoesOn) {
  EXPECT_TRUE(write_from_jail(true, 0));
  EXPECT_EQ(rows(), kRows);
  EXPECT_TRUE(std::filesystem::is_empty(jail_));
}

TEST_P(OtherRoot, WhatIsOpenGoesOnForAnotherUser) {
  EXPECT_TRUE(write_from_jail(true, kNobody));
  EXPECT_EQ(rows(), kRows);
}

TEST_P(OtherRoot, WhatIsOpenGoesOnWithoutRights) {
  EXPECT_TRUE(write_from_jail(false, kNobody));
  EXPECT_EQ(rows(), kRows);
}

INSTANTIATE_TEST_SUITE_P(
    Of, OtherRoot,
    ::testing::Values(
        OtherRootCase{"jsonl", make_jsonl_sink, {}},
        OtherRootCase{"blocks", make_jsonl_sink, {{"flush", "block"}}},
        OtherRootCase{
            "rotated",
            make_jsonl_sink,
            {{"rotation", "size"}, {"max_bytes", 400}, {"backup_count", 20}}},
        OtherRootCase{"csv", make_csv_sink, {}},
        OtherRootCase{"sqlite", make_sqlite_sink, {}}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace stogger
