// Events that a queue on disk hands to Parquet files of processes that are
// killed.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "stogger/system.h"
#include "tests/parquet/judges.h"
#include "tests/support/killed_writers.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

std::string unhex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

class DurableParquet : public ::testing::Test {
 protected:
  DurableParquet() { ::setenv("STOGGER_MODULE_PATH", PARQUET_TEST_MODULES, 1); }

  std::string configuration(std::string_view keys) const {
    return "[stogger]\nlog_to_console = false\n[stogger.sinks.table]\ntype = "
           "\"parquet\"\ndelivery = \"durable\"\npath = \"" +
           folder_.file("data/run.parquet") + "\"\nspool_dir = \"" +
           folder_.file("spool") + "\"\nsync = false\n" + std::string(keys);
  }
  std::size_t queues() const {
    std::error_code error;
    const std::filesystem::directory_iterator all(folder_.file("spool/table"),
                                                  error);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  // Delivers what others have left.
  void deliver() {
    System system;
    ASSERT_OK(system.load_text(configuration(""), "test"));
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::minutes(10);
    while (queues() > 1 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_OK(system.close());
    EXPECT_EQ(queues(), 0U);
  }
  // Of all files that are there for readers.
  std::vector<KilledWriters::Key> stored() const {
    constexpr std::size_t kData = 5;
    std::vector<KilledWriters::Key> keys;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.file("data"))) {
      if (entry.path().filename().string()[0] == '.') continue;
      const nlohmann::json found = agreed(entry.path());
      for (const nlohmann::json& row : found.at("rows")) {
        const auto data = nlohmann::json::parse(
            unhex(row.at(kData).get<std::string>().substr(2)));
        keys.push_back({data["round"], data["thread"], data["i"]});
      }
    }
    return keys;
  }

  TempFolder folder_;
};

TEST_F(DurableParquet, AfterKillsEachEventIsThereOnce) {
  SKIP_WITHOUT_JUDGES();
  KilledWriters writers;
  const int kills = KilledWriters::kills(3);
  for (int i = 0; i < kills; ++i) {
    writers.run(configuration(i % 2 == 0 ? "batch_rows = 100\n" : ""),
                std::chrono::milliseconds(60));
  }
  deliver();
  const KilledWriters::Outcome outcome = writers.judge(stored());
  EXPECT_EQ(outcome.lost, 0U) << "of " << outcome.all;
  EXPECT_EQ(outcome.twice, 0U) << "of " << outcome.all;
  EXPECT_GT(outcome.all, 0U);
}

}  // namespace
}  // namespace stogger
