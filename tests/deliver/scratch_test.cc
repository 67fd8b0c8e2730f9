// The memory that log calls leave behind.
#include "deliver/scratch.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "stogger/log.h"
#include "stogger/sink.h"
#include "stogger/system.h"

namespace stogger {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1024} * 1024;

class NullSink final : public Sink {
 public:
  explicit NullSink(RowForm form) : form_(form) {}
  Status write(const RowBatch&, WriteReport&) override { return {}; }
  RowForm form() const noexcept override { return form_; }

 private:
  const RowForm form_;
};

// What the C library has handed out, all arenas together.
std::size_t memory_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

bool memory_can_be_measured() {
  const std::size_t before = memory_in_use();
  const std::unique_ptr<char[]> block(new char[kMebibyte]);
  static_cast<char volatile&>(block[0]) = 1;
  return memory_in_use() >= before + kMebibyte;
}

TEST(ScratchTest, AThreadKeepsLittleOfALargeEvent) {
  if (!memory_can_be_measured()) {
    GTEST_SKIP() << "this C library does not count what it hands out (under a "
                    "sanitizer it does not do it itself)";
  }
  constexpr int kThreads = 8;
  System system;
  ASSERT_TRUE(
      system.add_sink("json", SinkPtr(new NullSink(RowForm::json))).ok());
  ASSERT_TRUE(
      system.add_sink("fields", SinkPtr(new NullSink(RowForm::fields))).ok());
  const Logger log = system.logger("large");

  std::string json = "[0";
  while (json.size() < 20 * kMebibyte) json += ",123456789";
  json += "]";
  const std::string half = json.substr(0, kMebibyte / 2) + "]";
  const std::string text(20 * kMebibyte, 'x');
  std::vector<std::string> keys;
  for (int i = 0; i < 20000; ++i) keys.push_back("key" + std::to_string(i));
  std::vector<Field> many;
  for (const std::string& key : keys) many.emplace_back(key, 1);

  std::barrier logged(kThreads + 1);
  std::barrier measured(kThreads + 1);
  std::vector<std::thread> threads;
  log.info("first", {{"a", 1}});
  const std::size_t before = memory_in_use();
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      log.info("json", {{"json", Json{json}}});
      log.info("half", {{"json", Json{half}}});
      log.info("text", {{"text", text}}, "{text}");
      log.info("many", many);
      log.info("plain", {{"a", 1}});
      logged.arrive_and_wait();
      measured.arrive_and_wait();
    });
  }
  logged.arrive_and_wait();
  const std::size_t after = memory_in_use();
  measured.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  // Arena, buffer, fields, slots, message, text, columns and values of each.
  EXPECT_LT(after - before, kThreads * 8 * kKeptByThread);
}

}  // namespace
}  // namespace stogger
