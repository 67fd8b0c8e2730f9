#include "sample/sample_record.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "event/event_record.h"

namespace stogger {
namespace {

// As aligned as a ring's.
template <class Pushable>
std::vector<std::uint64_t> written(const Pushable& pushable) {
  const std::size_t size = record_size(pushable);
  std::vector<std::uint64_t> words(size / 8 + 1);
  write_record(pushable, size, reinterpret_cast<std::byte*>(words.data()));
  return words;
}

const Field kSomeFields[] = {{"flow", 1.5},         {"", "text"},
                             {"at", Time{-7}},      {"none", nullptr},
                             {"large", UINT64_MAX}, {"on", true},
                             {"data", Json{"[1]"}}};
const Sample kSome = {.device = "mfc1",
                      .unit_id = "A",
                      .requested_at = Time{-5},
                      .received_at = Time{9},
                      .fields = kSomeFields,
                      .status = "HLD"};

TEST(SampleRecordTest, WhatIsWrittenIsRead) {
  const auto words = written(kSome);
  SampleRecord record;
  ASSERT_TRUE(record.read(std::as_bytes(std::span(words))));
  const Sample& read = record.sample();
  EXPECT_EQ(read.device, "mfc1");
  EXPECT_EQ(read.unit_id, "A");
  EXPECT_EQ(read.requested_at, Time{-5});
  EXPECT_EQ(read.received_at, Time{9});
  EXPECT_EQ(read.status, "HLD");
  ASSERT_EQ(read.fields.size(), std::size(kSomeFields));
  EXPECT_EQ(read.fields[1].value.text(), "text");
  EXPECT_EQ(read.fields[6].value.kind(), Kind::json);
  EXPECT_EQ(written(read), words);
  EXPECT_EQ(record_start(std::as_bytes(std::span(words))).time_ns, -5);
}

TEST(SampleRecordTest, APartIsRefused) {
  const auto words = written(kSome);
  const std::span all = std::as_bytes(std::span(words));
  SampleRecord record;
  for (std::size_t size = 0; size < record_size(kSome); ++size) {
    EXPECT_FALSE(record.read(all.first(size))) << size;
  }
}

TEST(SampleRecordTest, NoByteLeadsOutOfTheRecord) {
  const auto words = written(kSome);
  for (std::size_t at = 0; at < words.size() * 8; ++at) {
    for (const int value : {0, 1, 127, 255}) {
      auto changed = words;
      reinterpret_cast<unsigned char*>(changed.data())[at] =
          static_cast<unsigned char>(value);
      SampleRecord record;
      if (!record.read(std::as_bytes(std::span(changed)))) continue;
      EXPECT_LE(record_size(record.sample()), words.size() * 8);
    }
  }
}

TEST(SampleRecordTest, AnEventIsNoSampleAndASampleNoEvent) {
  Event event;
  event.level = Level::info;
  const auto of_event = written(event);
  const auto of_sample = written(kSome);
  SampleRecord sample_record;
  EventRecord event_record;
  EXPECT_FALSE(sample_record.read(std::as_bytes(std::span(of_event))));
  EXPECT_FALSE(event_record.read(std::as_bytes(std::span(of_sample))));
}

}  // namespace
}  // namespace stogger
