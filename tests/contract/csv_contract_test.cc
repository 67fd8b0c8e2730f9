#include <filesystem>
#include <string>

#include "format/csv.h"
#include "sinks/builtin.h"
#include "tests/contract/field_names.h"
#include "tests/contract/sink_contract.h"
#include "tests/support/csv_rows.h"
#include "tests/support/for_samples.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// The path is a link that leads to a file, or to a full disk.
class CsvDriver : public SinkDriver {
 public:
  CsvDriver() {
    for (const std::string_view name : kFieldNames) {
      (columns_ += columns_.empty() ? "[\"" : ",\"") += name;
      columns_ += '"';
    }
    columns_ += ']';
    mend_target();
  }

  SinkPtr make() override {
    return make_or_throw(make_csv_sink, {{"path", path()},
                                         {"columns", Json{columns_}},
                                         {"for_people", for_people()}});
  }

  std::vector<OwnedRow> read_back(Sink&) override {
    const std::vector<CsvLine> lines = read_csv(read_file(file()));
    std::vector<OwnedRow> rows;
    for (std::size_t i = 1; i < lines.size(); ++i) {
      OwnedRow& row = rows.emplace_back();
      for (std::size_t column = 0; column < lines[i].size(); ++column) {
        const auto& cell = lines[i][column];
        row.emplace_back(lines[0][column].value(),
                         cell ? Value(*cell) : Value());
      }
    }
    return rows;
  }

  // A file of text: the kinds are the reader's to know.
  OwnedField expected(std::string_view name, const Value& value) override {
    if (value.is_null()) return {name, value};
    if (value.kind() == Kind::text || value.kind() == Kind::json) {
      return {name, with_replacements(value.text())};
    }
    Buffer cell;
    append_csv_cell(cell, value);
    return {name, cell.view()};
  }

  void break_target() override { lead_to("/dev/full"); }
  void mend_target() override { lead_to(file()); }

 protected:
  virtual bool for_people() const { return false; }
  std::string path() const { return folder_.file("link.csv"); }

 private:
  std::string file() const { return folder_.file("real.csv"); }

  void lead_to(const std::string& target) {
    std::filesystem::remove(path());
    std::filesystem::create_symlink(target, path());
  }

  TempFolder folder_;
  std::string columns_;
};

// The same for people: texts are what can be looked at.
class CsvForPeopleDriver final : public CsvDriver {
 public:
  OwnedField expected(std::string_view name, const Value& value) override {
    if (value.kind() != Kind::text && value.kind() != Kind::json) {
      return CsvDriver::expected(name, value);
    }
    Buffer line;
    append_csv_row(line, &value, 1, CsvText::for_people);
    return {name, *read_csv(std::string(line.view())).at(0).at(0)};
  }

 protected:
  bool for_people() const override { return true; }
};

// The same for samples: the columns are those of the first batch.
class CsvSamplesDriver final : public CsvDriver {
 public:
  SinkPtr make() override {
    return make_for_samples_or_throw(make_csv_sink,
                                     {{"path", path()}, {"mode", "append"}});
  }
};

INSTANTIATE_TEST_SUITE_P(CsvSamples, SinkContract,
                         ::testing::Values(make_driver<CsvSamplesDriver>));
INSTANTIATE_TEST_SUITE_P(Csv, SinkContract,
                         ::testing::Values(make_driver<CsvDriver>));
INSTANTIATE_TEST_SUITE_P(CsvForPeople, SinkContract,
                         ::testing::Values(make_driver<CsvForPeopleDriver>));

}  // namespace
}  // namespace stogger
