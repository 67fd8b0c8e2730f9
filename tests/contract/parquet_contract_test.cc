#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <vector>

#include "base/options.h"
#include "sinks/parquet/parquet.h"
#include "tests/contract/sink_contract.h"
#include "tests/parquet/judges.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// Bad UTF-8 is replaced; NUL is a character.
std::string mended(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t nul = text.find('\0');
    result += with_replacements(text.substr(0, nul));
    if (nul == std::string_view::npos) return result;
    result += '\0';
    text.remove_prefix(nul + 1);
  }
}

// Breaks because its folder goes away, and something else takes its place.
class ParquetDriver final : public SinkDriver {
 public:
  ParquetDriver() { std::filesystem::create_directory(folder()); }

  SinkPtr make() override {
    const std::string path = folder() + "/log.parquet";
    const Field fields[] = {{"path", path}, {"sync", false}};
    Options options("parquet", fields);
    OptionsAccess::set_for_samples(options);
    SinkPtr sink;
    const Status status = make_parquet_sink(options, &sink);
    if (!status.ok()) throw std::runtime_error(std::string(status.message()));
    return sink;
  }

  // Of all files, the oldest one first. Values other than integers are as the
  // judges show them.
  std::vector<OwnedRow> read_back(Sink&) override {
    std::vector<std::filesystem::directory_entry> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      if (entry.path().extension() == ".parquet") files.push_back(entry);
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
      return a.last_write_time() < b.last_write_time();
    });
    std::vector<OwnedRow> rows;
    for (const auto& entry : files) {
      const nlohmann::json found = agreed(entry.path().string());
      for (const nlohmann::json& values : found.at("rows")) {
        OwnedRow& row = rows.emplace_back();
        for (std::size_t i = 0; i < values.size(); ++i) {
          row.push_back(
              read(found["columns"][i][0].get<std::string>(), values[i]));
        }
      }
    }
    return rows;
  }

  OwnedField expected(std::string_view name, const Value& value) override {
    if (value.kind() == Kind::text) {
      return read(name, as_judged(Value(mended(value.text())), Kind::text));
    }
    return read(name, as_judged(value, value.kind()));
  }

  void break_target() override {
    std::filesystem::rename(folder(), folder() + ".moved");
    write_file(folder(), "no folder");
  }
  void mend_target() override {
    if (!std::filesystem::exists(folder() + ".moved")) return;
    std::filesystem::remove(folder());
    std::filesystem::rename(folder() + ".moved", folder());
  }
  std::string_view unbreakable() const override { return {}; }
  std::string_view allocates() const override {
    return "rows wait in memory until a checkpoint";
  }

 private:
  std::string folder() const { return folder_.file("sub"); }

  static OwnedField read(std::string_view name, const nlohmann::json& value) {
    if (value.is_null()) return {name, Value()};
    const auto text = value.get<std::string>();
    if (!text.starts_with("i:")) return {name, Value(text)};
    std::int64_t number = 0;
    std::from_chars(text.data() + 2, text.data() + text.size(), number);
    return {name, number};
  }

  TempFolder folder_;
};

std::vector<DriverFactory> drivers() {
  if (!why_no_judges().empty()) return {};
  return {make_driver<ParquetDriver>};
}

INSTANTIATE_TEST_SUITE_P(Parquet, SinkContract, ::testing::ValuesIn(drivers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SinkContract);

TEST(ParquetContract, HasItsJudges) { SKIP_WITHOUT_JUDGES(); }

}  // namespace
}  // namespace stogger
