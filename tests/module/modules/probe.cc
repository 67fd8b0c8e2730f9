// A module for tests: writes what it is handed to a file, a line for each row,
// so that a test can see what arrived on the other side.
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/number.h"
#include "base/timestamp.h"
#include "stogger/sink.h"

namespace stogger {
namespace {

std::string text_of(const Value& value) {
  Buffer out;
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.boolean() ? "boolean true" : "boolean false";
    case Kind::integer:
      append_integer(out, value.integer());
      return "integer " + std::string(out.view());
    case Kind::unsigned_integer:
      return "unsigned " + std::to_string(value.unsigned_integer());
    case Kind::real:
      append_real(out, value.real());
      return "real " + std::string(out.view());
    case Kind::text:
      return "text " + std::string(value.text());
    case Kind::time:
      return "time " + std::to_string(value.time().ns);
    case Kind::json:
      return "json " + std::string(value.text());
    case Kind::custom:
      break;
  }
  return "?";
}

struct ProbeOptions {
  std::string path;
  RowForm form = RowForm::table;
  bool counts = false;
  bool quiet = false;
  bool judges_ticks = false;
  std::vector<std::string> columns;
};

class ProbeSink final : public Sink {
 public:
  explicit ProbeSink(ProbeOptions options) : options_(std::move(options)) {
    target_ = "probe:" + options_.path;
    for (const std::string& column : options_.columns) {
      columns_.push_back({column, Kind::text});
    }
  }
  ~ProbeSink() override { say("destroyed"); }

  Status open() override {
    say("open");
    // Views that were given out before must not be in use any more.
    for (Column& column : columns_) column.kind = Kind::integer;
    if (::access((options_.path + ".closed").c_str(), F_OK) == 0) {
      return Status(Code::unavailable, "the probe is closed; open it");
    }
    return {};
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    if (!options_.quiet) {
      say("rows at " + std::to_string(rows.now.ns));
      for (std::size_t row = 0; row < rows.row_count; ++row) {
        if (rows.origin != nullptr) {
          say("of queue " + std::to_string(rows.origin->queue[15]) + " up to " +
              std::to_string(rows.origin->positions[row]));
        }
        say(rows, row);
      }
    }
    if (rows.row_count != 0) {
      const Value& first = rows.at(0, 0);
      if (first.kind() == Kind::text) misbehave(first.text());
      if (first.kind() == Kind::text) judge(rows, report);
      if (first.kind() == Kind::integer && first.integer() < 0) {
        return Status(static_cast<Code>(-first.integer()), long_message_);
      }
    }
    tally_.written += rows.row_count;
    tally_.buffered = 3;
    return {};
  }

  Status tick(Time now, WriteReport& report) override {
    say("tick at " + std::to_string(now.ns));
    if (options_.judges_ticks) report.refuse(41, "it waited in vain");
    return {};
  }
  Status flush() override {
    say("flush");
    return {};
  }
  Status close() override {
    say("close");
    return Status(Code::corrupt, "closing is not its strength");
  }
  void abandon() noexcept override { say("abandon"); }
  bool recovered() const noexcept override {
    return ::access((options_.path + ".recovered").c_str(), F_OK) == 0;
  }
  RowForm form() const noexcept override { return options_.form; }
  RowBatch columns() const noexcept override {
    RowBatch wanted;
    wanted.columns = columns_.data();
    wanted.column_count = columns_.size();
    return wanted;
  }
  bool tally(Tally* tally) const noexcept override {
    if (options_.counts) *tally = tally_;
    return options_.counts;
  }
  std::string_view target() const noexcept override { return target_; }

 private:
  void misbehave(std::string_view how) {
    if (how == "throw") throw std::runtime_error("the probe fell");
    if (how == "throw a number") throw 7;
    if (how == "exhaust") throw std::bad_alloc();
    if (how == "write at length") {
      for (int i = 0; i < 5000; ++i) long_message_ += "\xC3\xA4";
    }
  }

  // Of each row what its first value asks for.
  static void judge(const RowBatch& rows, WriteReport& report) {
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      if (rows.at(row, 0).kind() != Kind::text) continue;
      const std::string_view text = rows.at(row, 0).text();
      if (text == "refuse") report.refuse(row, "it was asked to");
      if (text == "doubt") report.in_doubt(row);
      if (text == "notice") report.notice("there is more to it");
      if (text == "waited") {
        report.notice("waited " + std::to_string(report.waited_ns()) + " ns");
      }
      if (text == "absurd") report.refuse(row + 1000, "no such row");
    }
  }

  void say(const RowBatch& rows, std::size_t row) const {
    std::string line = "row";
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      const Column& column = rows.columns[i];
      line += " [" + std::string(column.name) + "/" +
              std::to_string(static_cast<int>(column.kind)) + ": " +
              text_of(rows.at(row, i)) + "]";
    }
    say(line);
  }

  void say(const std::string& line) const noexcept {
    std::FILE* file = std::fopen(options_.path.c_str(), "a");
    if (file == nullptr) return;
    std::fprintf(file, "%s\n", line.c_str());
    std::fclose(file);
  }

  const ProbeOptions options_;
  std::string target_;
  std::string long_message_ = "refused";
  std::vector<Column> columns_;
  Tally tally_;
};

}  // namespace

Status make_probe_sink(Options& options, SinkPtr* sink) {
  ProbeOptions read;
  read.path = options.required("path");
  const std::string_view form =
      options.choice("form", {"table", "json", "fields", "absurd"}, "table");
  if (form == "json") read.form = RowForm::json;
  if (form == "fields") read.form = RowForm::fields;
  if (form == "absurd") read.form = static_cast<RowForm>(99);
  read.counts = options.boolean("counts", false);
  read.quiet = options.boolean("quiet", false);
  read.judges_ticks = options.boolean("judges_ticks", false);
  for (std::size_t i = 0; i < options.list_size("columns"); ++i) {
    read.columns.emplace_back(options.list_item("columns", i));
  }
  std::string aliases;
  std::string_view name;
  std::string_view alias;
  for (std::size_t i = 0; options.table_item("aliases", i, &name, &alias);
       ++i) {
    aliases += " " + std::string(name) + "=" + std::string(alias);
  }
  const std::int64_t number = options.integer("number", 7, 1, 9);
  const double ratio = options.real("ratio", 0.5, 0, 1);
  if (number == 4) options.problem("number", "must not be four");
  const std::string_view make = options.text("make", "a sink");
  if (make == "an exception") throw std::runtime_error("no probe today");
  if (Status status = options.finish(); !status.ok()) return status;
  if (make == "nothing") return {};
  if (make == "a failure") return Status(Code::unavailable, "not now");
  if (make == "a report") {
    return Status(Code::invalid,
                  "identifier " + std::string(options.identifier()) +
                      ", name " + std::string(options.sink_name()) +
                      ", number " + std::to_string(number) + ", ratio " +
                      std::to_string(ratio) + ", has path " +
                      (options.has("path") ? "yes" : "no") +
                      ", a problem with it " +
                      (options.has_problem("path") ? "yes" : "no") +
                      ", aliases" + aliases);
  }
  sink->reset(new ProbeSink(std::move(read)));
  return {};
}

}  // namespace stogger
