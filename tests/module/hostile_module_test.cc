// Modules that answer nonsense: what a wrong or older one may say ends in a
// message, never in a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "module/fake_module.h"
#include "module/host/host_options.h"
#include "module/host/module_sink.h"
#include "module/modules.h"
#include "support/kept_report.h"
#include "support/rows.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

stogger_text text(std::string_view text) { return {text.data(), text.size()}; }

class HostileModuleTest : public ::testing::Test {
 protected:
  Status make() {
    Options options("fake", {});
    return make_module_sink("fake", fake_.module(), options, &sink_);
  }
  std::string problem() {
    const Status status = make();
    EXPECT_FALSE(sink_);
    EXPECT_EQ(status.code(), Code::internal);
    return std::string(status.message());
  }
  // Of a column that the sink asks for.
  stogger_column column(stogger_text name, std::uint32_t kind = 2) {
    return {name, kind};
  }

  FakeModule fake_;
  SinkPtr sink_;
};

TEST_F(HostileModuleTest, MoreColumnsThanATableHasAreRefused) {
  std::vector<stogger_column> many(1600, column(text("a")));
  fake_.columns = many;
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(sink_->columns().column_count, 1600u);
  sink_.reset();

  fake_.columns.push_back(column(text("a")));
  EXPECT_EQ(problem(),
            "its module asks for 1601 columns, which it cannot have");
  fake_.column_count = SIZE_MAX;
  EXPECT_THAT(problem(), HasSubstr("18446744073709551615 columns"));
  EXPECT_EQ(fake_.destroyed, 3);
}

TEST_F(HostileModuleTest, ColumnsWithoutDataAreRefused) {
  fake_.null_columns = true;
  fake_.column_count = 3;
  EXPECT_EQ(problem(), "its module asks for 3 columns, which it cannot have");
}

TEST_F(HostileModuleTest, ColumnsWithoutNamesAreRefused) {
  for (const stogger_text name :
       {stogger_text{nullptr, 0}, stogger_text{nullptr, 7}, text(""),
        stogger_text{"a", SIZE_MAX}}) {
    fake_.columns = {column(text("a")), column(name)};
    EXPECT_EQ(problem(), "its module asks for a column without a name");
  }
}

TEST_F(HostileModuleTest, ColumnsThatTurnBadWhenItOpensFailTheOpening) {
  fake_.columns = {column(text("a"))};
  ASSERT_TRUE(make().ok());
  fake_.column_count = 2000;
  const Status status = sink_->open();
  EXPECT_EQ(status.code(), Code::internal);
  EXPECT_EQ(sink_->columns().column_count, 0u);
  fake_.column_count = 0;
  EXPECT_TRUE(sink_->open().ok());
  EXPECT_EQ(sink_->columns().column_count, 1u);
}

TEST_F(HostileModuleTest, ColumnOfAnUnknownKindMayBeAnything) {
  fake_.columns = {column(text("a"), 8), column(text("b"), UINT32_MAX)};
  ASSERT_TRUE(make().ok());
  ASSERT_EQ(sink_->columns().column_count, 2u);
  EXPECT_EQ(sink_->columns().columns[0].kind, Kind::null);
  EXPECT_EQ(sink_->columns().columns[1].kind, Kind::null);
}

TEST_F(HostileModuleTest, MessageIsNeverReadBeyondItsRoom) {
  ASSERT_TRUE(make().ok());
  fake_.code = 3;
  fake_.message = "short";
  fake_.message_size = SIZE_MAX;
  const Status status = sink_->flush();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_LE(status.message().size(), 4096u);
  EXPECT_TRUE(status.message().starts_with("short"));
}

TEST_F(HostileModuleTest, UnknownCodeIsAFailure) {
  ASSERT_TRUE(make().ok());
  fake_.code = 0xFFFF0000u;
  EXPECT_EQ(sink_->open().code(), Code::internal);
}

TEST_F(HostileModuleTest, TargetThatCannotBeATextIsEmpty) {
  ASSERT_TRUE(make().ok());
  fake_.target = {nullptr, 12};
  EXPECT_EQ(sink_->target(), "");
  fake_.target = {"x", SIZE_MAX};
  EXPECT_EQ(sink_->target(), "");
  fake_.target = text("a file");
  EXPECT_EQ(sink_->target(), "a file");
}

TEST_F(HostileModuleTest, FormOfLaterIsATable) {
  ASSERT_TRUE(make().ok());
  fake_.form = 4711;
  EXPECT_EQ(sink_->form(), RowForm::table);
}

TEST_F(HostileModuleTest, FindingsThatCannotBeTextsAreLeftOut) {
  class Kept final : public CheckFindings {
   public:
    void would_change(std::string_view what) override {
      changes.emplace_back(what);
    }
    void warn(std::string_view what) override { warnings.emplace_back(what); }
    std::vector<std::string> changes;
    std::vector<std::string> warnings;
  } kept;
  ASSERT_TRUE(make().ok());
  fake_.findings = {
      {nullptr, 0}, {nullptr, 99}, {"x", SIZE_MAX}, text("would do it")};
  EXPECT_TRUE(sink_->check(kept).ok());
  EXPECT_THAT(kept.changes, ElementsAre("would do it"));
  EXPECT_THAT(kept.warnings, ElementsAre("would do it"));
}

TEST_F(HostileModuleTest, VerdictsThatCannotBeAreNotPassedOn) {
  ASSERT_TRUE(make().ok());
  fake_.at_write = [](const stogger_write_report& report) {
    EXPECT_EQ(report.size, sizeof report);
    report.refuse(report.context, 2, text("no such row"));
    report.in_doubt(report.context, SIZE_MAX);
    report.refuse(report.context, 0, {nullptr, 99});
    report.refuse(report.context, 1, {"x", SIZE_MAX});
    report.notice(report.context, {nullptr, 0});
    report.notice(report.context, {"x", SIZE_MAX});
  };
  const KeptReport said = said_of(*sink_, table_rows({{}, {}}));
  ASSERT_EQ(said.refused_rows(), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(said.refused[0].reason, "");
  EXPECT_EQ(said.refused[1].reason, "");
  EXPECT_TRUE(said.doubtful.empty());
  EXPECT_THAT(said.notices,
              ElementsAre(HasSubstr("a row that it was not given"),
                          HasSubstr("a row that it was not given")));
}

TEST_F(HostileModuleTest, WhatAReportThrowsDoesNotReachTheModule) {
  class Throwing final : public WriteReport {
   public:
    void refuse(std::size_t, std::string_view) override { fail(); }
    void in_doubt(std::size_t) override { fail(); }
    void notice(std::string_view) override { fail(); }
    int calls = 0;

   private:
    void fail() {
      ++calls;
      throw std::runtime_error("no");
    }
  } report;
  ASSERT_TRUE(make().ok());
  fake_.at_write = [](const stogger_write_report& table) {
    table.refuse(table.context, 0, text("no"));
    table.in_doubt(table.context, 0);
    table.notice(table.context, text("no"));
  };
  EXPECT_TRUE(sink_->write(table_rows({{}}), report).ok());
  EXPECT_EQ(report.calls, 3);
  EXPECT_TRUE(sink_->tick(kTestTime, report).ok());
  EXPECT_EQ(report.calls, 6);
}

TEST_F(HostileModuleTest, WhatIsThrownAcrossTheInterfaceIsAFailure) {
  ASSERT_TRUE(make().ok());
  fake_.at_call = [] { throw std::runtime_error("not in C"); };
  for (const Status& status : {sink_->open(), sink_->flush(), sink_->close(),
                               write_to(*sink_, table_rows({{}}))}) {
    EXPECT_EQ(status.code(), Code::internal);
    EXPECT_EQ(status.message(), "threw: not in C");
  }
}

TEST_F(HostileModuleTest, FailureThatMadeASinkDestroysIt) {
  fake_.code = 1;
  EXPECT_FALSE(make().ok());
  EXPECT_EQ(fake_.destroyed, 1);
  fake_.code = 0;
  fake_.makes_nothing = true;
  EXPECT_EQ(problem(), "its module made no sink");
}

TEST_F(HostileModuleTest, OptionsMayBeAskedForNonsense) {
  fake_.at_make = [](const stogger_options& host) {
    const stogger_text none{nullptr, 5};
    const stogger_text absurd{"x", SIZE_MAX};
    const stogger_text name = text("a");
    for (const stogger_text key : {none, absurd, text("")}) {
      EXPECT_EQ(host.has(host.context, key), 0);
      EXPECT_EQ(host.text(host.context, key, absurd).size, 0u);
      EXPECT_EQ(host.integer(host.context, key, 5, 9, -9), 5);
      EXPECT_EQ(host.choice(host.context, key, nullptr, SIZE_MAX, 3), 3u);
      EXPECT_EQ(host.choice(host.context, key, &name, 1, SIZE_MAX), SIZE_MAX);
      EXPECT_EQ(host.list_size(host.context, key), 0u);
      EXPECT_EQ(host.list_item(host.context, key, SIZE_MAX).size, 0u);
      stogger_text member{};
      EXPECT_EQ(host.table_item(host.context, key, SIZE_MAX, &member, nullptr),
                0);
      EXPECT_EQ(host.table_item(host.context, key, 0, nullptr, nullptr), 0);
      EXPECT_EQ(host.has_problem(host.context, key), 0);
    }
    EXPECT_EQ(host.finish(host.context, nullptr), 0u);
    host.problem(host.context, none, absurd);
    host.warning(host.context, absurd, none);
    EXPECT_EQ(host.finish(host.context, nullptr), 1u);
    stogger_message nowhere{nullptr, 4096, 0};
    EXPECT_EQ(host.finish(host.context, &nowhere), 1u);
    EXPECT_EQ(nowhere.size, 0u);
  };
  EXPECT_EQ(make().code(), Code::invalid);
}

// The other side: a program may be older or newer, too.
class HostileProgramTest : public ModuleTest {
 protected:
  HostileProgramTest() : module_(load_module("probe").module) {}

  stogger_code make(const stogger_options* options, void** sink) {
    stogger_message message{room_, sizeof room_, 0};
    const stogger_code code = module_->make_sink(options, sink, &message);
    said_.assign(room_, message.size);
    return code;
  }

  const stogger_module* module_;
  char room_[4096];
  std::string said_;
};

TEST_F(HostileProgramTest, OlderOneIsRefused) {
  stogger_options old{};
  old.size = STOGGER_OPTIONS_FIRST_SIZE - 1;
  void* sink = nullptr;
  EXPECT_EQ(make(&old, &sink), 3u);
  EXPECT_THAT(said_, HasSubstr("older than the module"));
  EXPECT_EQ(make(nullptr, &sink), 3u);
  EXPECT_EQ(sink, nullptr);
}

TEST_F(HostileProgramTest, RowsThatCannotBeAreRefused) {
  SinkPtr owner = probe();
  const auto hand_over = [&](const stogger_rows& rows,
                             const stogger_write_report* report) {
    void* sink = nullptr;
    const std::string path = log();
    const Field given[] = {{"path", path}};
    Options options("probe", given);
    const HostOptions host("probe", options);
    EXPECT_EQ(make(host.table(), &sink), 0u) << said_;
    stogger_message message{room_, sizeof room_, 0};
    const stogger_code code =
        module_->methods->write(sink, &rows, report, &message);
    said_.assign(room_, message.size);
    module_->methods->destroy(sink);
    return code != 0;
  };
  struct Kept {
    std::vector<std::size_t> rows;
    std::string reason;
  } kept;
  stogger_write_report report = {
      sizeof report,
      &kept,
      [](void* context, std::size_t row, stogger_text why) {
        static_cast<Kept*>(context)->rows.push_back(row);
        static_cast<Kept*>(context)->reason.assign(why.data, why.size);
      },
      [](void*, std::size_t) {},
      [](void*, stogger_text) {},
      nullptr};
  const auto refused = [&](const stogger_rows& rows) {
    return hand_over(rows, &report);
  };
  const stogger_column column{text("a"), 77};
  stogger_value value{};
  EXPECT_FALSE(refused({&column, 1, &value, 1, 0, nullptr}));
  EXPECT_TRUE(refused({nullptr, 1, &value, 1, 0, nullptr}));
  EXPECT_TRUE(refused({&column, 1, nullptr, 1, 0, nullptr}));
  EXPECT_TRUE(refused({&column, SIZE_MAX, &value, SIZE_MAX, 0, nullptr}));
  EXPECT_EQ(said_, "the program gives rows that cannot be");
  EXPECT_TRUE(kept.rows.empty());
  value.kind = 5;
  value.size = 12;
  EXPECT_FALSE(refused({&column, 1, &value, 1, 0, nullptr}));

  EXPECT_TRUE(hand_over({&column, 1, &value, 1, 0, nullptr}, nullptr));
  report.size = STOGGER_WRITE_REPORT_FIRST_SIZE - 1;
  EXPECT_TRUE(refused({&column, 1, &value, 1, 0, nullptr}));
  EXPECT_EQ(said_, "the program gives no report to write to");
  report.size = sizeof report;

  // Rows with values of a later version are refused one by one, and what the
  // sink says of the others has the numbers that the program knows.
  const auto text_value = [](const char* text) {
    stogger_value made{};
    made.kind = 5;
    made.as.text = text;
    made.size = std::strlen(text);
    return made;
  };
  stogger_value values[] = {text_value("x"),      text_value("?"),
                            text_value("refuse"), text_value("?"),
                            text_value("?"),      text_value("refuse")};
  // No texts, though their last byte says so.
  for (const int row : {1, 3, 4}) values[row].kind = 256 + 5;
  EXPECT_FALSE(refused({&column, 1, values, 6, 0, nullptr}));
  EXPECT_THAT(kept.rows, ElementsAre(1, 3, 4, 2, 5));
  EXPECT_EQ(kept.reason, "it was asked to");
  kept.rows.clear();
  EXPECT_FALSE(refused({&column, 1, &values[3], 2, 0, nullptr}));
  EXPECT_THAT(kept.rows, ElementsAre(0, 1));
  EXPECT_THAT(kept.reason,
              HasSubstr("of a kind that the module does not know"));
}

}  // namespace
}  // namespace stogger
