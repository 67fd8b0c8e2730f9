// RandomEvent: an event made of the fuzzer's bytes, which went the way of every
// event up to the renderers.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "event/compose.h"
#include "event/shorten.h"
#include "render/message.h"

namespace stogger {

inline void check(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", rule);
  std::abort();
}

// What is left of text in targets of text: bad bytes and NUL are replaced.
inline std::string mended(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool good = step.valid && step.codepoint != 0;
    out += good ? text.substr(0, step.size) : kReplacement;
    text.remove_prefix(step.size);
  }
  return out;
}

class RandomEvent {
 public:
  explicit RandomEvent(FuzzedDataProvider& data) : data_(data) {
    // The rest is read from the end of the bytes, so that the beginning can be
    // read as text in a corpus.
    const std::string_view name = text(200);
    const std::string_view message = data.ConsumeBool() ? text(200) : "";
    const Where where = {data.ConsumeBool() ? text(50) : "", "file.cc", 17};
    const auto count = data.ConsumeIntegralInRange<std::size_t>(0, 40);
    for (std::size_t i = 0; i < count; ++i) {
      fields_.emplace_back(key(), value());
    }
    static const EventSettings plain;
    static const EventSettings with_caller(true);
    const auto level =
        static_cast<Level>(data.ConsumeIntegralInRange<int>(-1, 8));
    const Time time{data.ConsumeIntegral<std::int64_t>()};
    event_ = compose(nullptr, {level, name, Fields(fields_), message, where},
                     time, data.ConsumeBool() ? with_caller : plain, scratch_);
    if (data.ConsumeBool()) event_.logger = text(20);
    if (event_.has_message()) render_message(&event_, message_);
    event_.raw_size += event_.logger.size();
    shorten(&event_, scratch_);
    check_composed();
  }

  const Event& operator*() const { return event_; }
  const Event* operator->() const { return &event_; }

 private:
  std::string_view text(std::size_t most) {
    return texts_.emplace_back(data_.ConsumeRandomLengthString(most));
  }

  std::string_view key() {
    static constexpr std::string_view kKeys[] = {
        "id",   "timestamp", "level",  "event",    "data",  "message", "logger",
        "func", "scope",     "level_", "password", "TOKEN", "a",       ""};
    return data_.ConsumeBool() ? text(30) : data_.PickValueInArray(kKeys);
  }

  Value value() {
    switch (data_.ConsumeIntegralInRange(0, 9)) {
      case 0:
        return nullptr;
      case 1:
        return data_.ConsumeBool();
      case 2:
        return data_.ConsumeIntegral<std::int64_t>();
      case 3:
        return data_.ConsumeIntegral<std::uint64_t>();
      case 4: {
        const auto bits = data_.ConsumeIntegral<std::uint64_t>();
        double real;
        static_assert(sizeof real == sizeof bits);
        __builtin_memcpy(&real, &bits, sizeof real);
        return real;
      }
      case 5:
        return static_cast<double>(data_.ConsumeIntegral<std::int32_t>()) /
               1000;
      case 6:
        return Time{data_.ConsumeIntegral<std::int64_t>()};
      case 7:
        return Json{text(300)};
      default:
        return text(300);
    }
  }

  // What renderers rely on.
  void check_composed() const {
    static constexpr std::string_view kReserved[] = {
        "timestamp", "level",  "event", "data",
        "message",   "logger", "func",  "scope"};
    for (std::size_t i = 0; i < event_.field_count; ++i) {
      const Field& field = event_.fields[i];
      check(field.value.kind() != Kind::custom, "no custom values are left");
      for (const std::string_view reserved : kReserved) {
        check(field.key != reserved || event_.has_reserved_keys,
              "reserved keys are marked");
      }
      check((field.key != "func" && field.key != "scope") ||
                field.value.kind() != Kind::text || event_.truncated,
            "text under func and scope is theirs");
      if (field.key == "password" || field.key == "TOKEN") {
        check(field.value.text() == kRedacted, "secrets are hidden");
      }
      for (std::size_t k = 0; k < i; ++k) {
        check(event_.fields[k].key != field.key, "each key is there once");
      }
    }
    check(event_.level >= Level::trace && event_.level <= Level::alert,
          "the level is one of events");
    for (const Value& value : {event_.func, event_.scope}) {
      check(value.is_null() || value.kind() == Kind::text,
            "func and scope are text or null");
    }
  }

  FuzzedDataProvider& data_;
  std::deque<std::string> texts_;
  std::vector<Field> fields_;
  EventScratch scratch_;
  Buffer message_;
  Event event_;
};

}  // namespace stogger
