#include "event/event_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace stogger {
namespace {

// Memory for records, as aligned as a ring's.
class RecordBytes {
 public:
  explicit RecordBytes(const Event& event)
      : size_(record_size(event)), words_(size_ / 8 + 1) {
    write_record(event, size_, bytes());
  }
  std::byte* bytes() { return reinterpret_cast<std::byte*>(words_.data()); }
  std::size_t size() const { return size_; }
  // With what fills it up, as a ring hands it out.
  std::span<const std::byte> all() { return {bytes(), words_.size() * 8}; }
  std::span<const std::byte> exactly() { return {bytes(), size_}; }

 private:
  const std::size_t size_;
  std::vector<std::uint64_t> words_;
};

// Of everything something.
class EventRecordTest : public ::testing::Test {
 protected:
  EventRecordTest() {
    event_.time = Time{-5};
    event_.level = Level::warning;
    event_.name = "user-login";
    event_.logger = "http.server";
    event_.where = {"handle", "a/b.cc", 4711};
    event_.func = "handle";
    event_.scope = "";
    event_.message_template = "{user} logged in";
    event_.fields = fields_;
    event_.field_count = std::size(fields_);
    event_.raw_size = 2000;
    event_.sanitized = 3;
    event_.truncated = true;
  }

  const std::string long_text_ = std::string(1000, 'x');
  const Field fields_[12] = {
      {"null", nullptr},
      {"true", true},
      {"integer", INT64_MIN},
      {"unsigned", UINT64_MAX},
      {"real", 0.1},
      {"nan", std::numeric_limits<double>::quiet_NaN()},
      {"", "a text with an empty key"},
      {"text", std::string_view("a\0b", 3)},
      {"empty", ""},
      {"long", long_text_},
      {"json", Json{"[1]"}},
      {"time", Time{1}},
  };
  Event event_;
  EventRecord record_;
};

void expect_same(const Value& a, const Value& b) {
  ASSERT_EQ(a.kind(), b.kind());
  switch (a.kind()) {
    case Kind::text:
    case Kind::json:
      EXPECT_EQ(a.text(), b.text());
      break;
    case Kind::real:
      EXPECT_TRUE(a.real() == b.real() ||
                  (std::isnan(a.real()) && std::isnan(b.real())));
      break;
    default:
      EXPECT_EQ(a.unsigned_integer(), b.unsigned_integer());
      break;
  }
}

void expect_same(const Event& a, const Event& b) {
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.level, b.level);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.logger, b.logger);
  EXPECT_EQ(a.where.function, b.where.function);
  EXPECT_EQ(a.where.file, b.where.file);
  EXPECT_EQ(a.where.line, b.where.line);
  expect_same(a.func, b.func);
  expect_same(a.scope, b.scope);
  EXPECT_EQ(a.message_template, b.message_template);
  EXPECT_EQ(a.raw_size, b.raw_size);
  EXPECT_EQ(a.sanitized, b.sanitized);
  EXPECT_EQ(a.truncated, b.truncated);
  EXPECT_EQ(a.has_reserved_keys, b.has_reserved_keys);
  ASSERT_EQ(a.field_count, b.field_count);
  for (std::size_t i = 0; i < a.field_count; ++i) {
    EXPECT_EQ(a.fields[i].key, b.fields[i].key);
    expect_same(a.fields[i].value, b.fields[i].value);
  }
}

TEST_F(EventRecordTest, EverythingIsReadBack) {
  RecordBytes bytes(event_);
  ASSERT_TRUE(record_.read(bytes.all()));
  expect_same(record_.event(), event_);
  ASSERT_TRUE(record_.read(bytes.exactly()));
  expect_same(record_.event(), event_);
}

TEST_F(EventRecordTest, NothingIsReadBackAsNothing) {
  Event nothing;
  nothing.level = Level::trace;
  RecordBytes bytes(nothing);
  ASSERT_TRUE(record_.read(bytes.all()));
  expect_same(record_.event(), nothing);
}

TEST_F(EventRecordTest, AFunctionThatIsSetByAFieldIsReadBack) {
  event_.func = "another";
  event_.scope = {};
  RecordBytes bytes(event_);
  ASSERT_TRUE(record_.read(bytes.all()));
  expect_same(record_.event(), event_);
}

TEST_F(EventRecordTest, ARecordIsUsedAgain) {
  RecordBytes large(event_);
  event_.field_count = 2;
  RecordBytes small(event_);
  ASSERT_TRUE(record_.read(large.all()));
  ASSERT_TRUE(record_.read(small.all()));
  expect_same(record_.event(), event_);
}

TEST_F(EventRecordTest, ACutRecordIsRefused) {
  RecordBytes bytes(event_);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(record_.read(bytes.exactly().first(size))) << size;
  }
}

TEST_F(EventRecordTest, ALevelThatNoEventHasIsRefused) {
  event_.level = Level::off;
  RecordBytes bytes(event_);
  EXPECT_FALSE(record_.read(bytes.all()));
}

TEST_F(EventRecordTest, RenderersGetRoomForAllTextsWhateverTheRecordSays) {
  event_.raw_size = 0;
  RecordBytes bytes(event_);
  ASSERT_TRUE(record_.read(bytes.all()));
  EXPECT_GT(record_.event().raw_size, long_text_.size());
}

// What is read of a damaged record lies in it: the sanitizers see to that.
std::size_t touch(const Event& event) {
  std::size_t sum = event.name.size() + event.logger.size() +
                    event.message_template.size() +
                    event.where.function.size() + event.where.file.size();
  for (std::size_t i = 0; i < event.field_count; ++i) {
    const Value& value = event.fields[i].value;
    sum += std::string(event.fields[i].key).size();
    if (value.kind() == Kind::text || value.kind() == Kind::json) {
      sum += std::string(value.text()).size();
    }
  }
  return sum;
}

TEST_F(EventRecordTest, OfADamagedRecordNothingIsReadOutsideOfIt) {
  RecordBytes bytes(event_);
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    const std::vector<std::byte> before(bytes.bytes(),
                                        bytes.bytes() + bytes.size());
    const std::size_t from = random() % bytes.size();
    const std::size_t size =
        random() % std::min<std::size_t>(bytes.size() - from, 16) + 1;
    for (std::size_t at = from; at < std::min(from + size, bytes.size());
         ++at) {
      bytes.bytes()[at] = static_cast<std::byte>(random());
    }
    if (record_.read(bytes.exactly())) {
      EXPECT_LE(touch(record_.event()), bytes.size());
    }
    std::memcpy(bytes.bytes(), before.data(), before.size());
  }
}

}  // namespace
}  // namespace stogger
