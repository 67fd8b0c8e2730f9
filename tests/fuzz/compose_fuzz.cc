// Events of up to tens of thousands of fields with odd keys, bound, in scopes
// and in the call: lines are valid JSON of at most 1 MiB, and no key is there
// twice. What takes longer than the fuzzer's time limit is a finding.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "event/owned_fields.h"
#include "fuzz/random_event.h"
#include "render/render.h"

namespace stogger {
namespace {

class ManyFields {
 public:
  explicit ManyFields(FuzzedDataProvider& data) {
    const int groups = data.ConsumeIntegralInRange(0, 6);
    for (int i = 0; i < groups; ++i) add_group(data);
  }
  Fields fields() const { return fields_; }

 private:
  // Some fields whose keys and values are made alike.
  void add_group(FuzzedDataProvider& data) {
    static constexpr std::string_view kKeys[] = {
        "level_",       "level__", "level",      "message",   "func", "scope",
        "password",     "",        "_truncated", "code_file", "\xff", "\xfe",
        "\xEF\xBF\xBD", "\0"};
    const int size = data.ConsumeIntegralInRange(0, 3);
    const int count = size == 0   ? 1
                      : size == 1 ? data.ConsumeIntegralInRange(1, 40)
                      : size == 2 ? data.ConsumeIntegralInRange(1, 5000)
                                  : data.ConsumeIntegralInRange(1, 30000);
    const std::string stem = data.ConsumeBool()
                                 ? data.ConsumeRandomLengthString(40)
                                 : std::string(data.PickValueInArray(kKeys));
    const int period = data.ConsumeIntegralInRange(1, count);
    const bool before = data.ConsumeBool();
    const std::string_view text =
        texts_.emplace_back(data.ConsumeRandomLengthString(200));
    std::string_view longer = text;
    if (data.ConsumeIntegralInRange(0, 15) == 15) {
      std::string repeated;
      while (repeated.size() < 300000) repeated += text.empty() ? "[" : text;
      longer = texts_.emplace_back(std::move(repeated));
    }
    const int kind = data.ConsumeIntegralInRange(0, 3);
    for (int i = 0; i < count; ++i) {
      const std::string number =
          count == 1 ? std::string() : std::to_string(i % period);
      const std::string_view key =
          texts_.emplace_back(before ? number + stem : stem + number);
      switch (kind) {
        case 0:
          fields_.emplace_back(key, i);
          break;
        case 1:
          fields_.emplace_back(key, longer);
          break;
        case 2:
          fields_.emplace_back(key, Json{longer});
          break;
        default:
          fields_.emplace_back(key, Json{"{\"a\":[1]}"});
      }
    }
  }

  std::deque<std::string> texts_;
  std::vector<Field> fields_;
};

// Of one object: no key twice, and how many there are.
std::size_t check_object(std::string_view json) {
  std::set<std::string> keys;
  bool twice = false;
  const auto look = [&](int depth, nlohmann::json::parse_event_t event,
                        nlohmann::json& parsed) {
    if (depth == 1 && event == nlohmann::json::parse_event_t::key) {
      twice = !keys.insert(parsed.get<std::string>()).second || twice;
    }
    return true;
  };
  check(nlohmann::json::parse(json, look, false).is_object(),
        "a line is an object");
  check(!twice, "no key is there twice");
  return keys.size();
}

void run(FuzzedDataProvider& data) {
  static const EventSettings plain;
  static const EventSettings with_caller(true);
  const ManyFields first(data);
  const ManyFields second(data);
  const bool bind = data.ConsumeBool();
  const std::string message = data.ConsumeRandomLengthString(100);
  const OwnedFields bound("logger", {}, bind ? first.fields() : Fields());
  std::vector<Field> fields(bound.fields().begin(), bound.fields().end());
  if (!bind) {
    fields.insert(fields.end(), first.fields().begin(), first.fields().end());
  }
  fields.insert(fields.end(), second.fields().begin(), second.fields().end());
  EventScratch scratch;
  Buffer rendered;
  Event event = compose(
      nullptr, {Level::info, "e", Fields(fields), message, Where::here()},
      Time{}, data.ConsumeBool() ? with_caller : plain, scratch);
  if (event.has_message()) render_message(&event, rendered);
  shorten(&event, scratch);
  check(event.field_count <= kMostFields + 1, "there is a limit on fields");
  RowScratch row_scratch;
  RowBatch row;
  render(event, RowForm::json, RowBatch(), row_scratch, &row);
  const std::string_view line = row.at(0, 0).text();
  check(line.size() <= kLargestEvent, "a line is no larger than an event");
  check(check_object(line) >= event.field_count, "each field is there");
  render(event, RowForm::table, RowBatch(), row_scratch, &row);
  check_object(row.at(0, row.column_count - 1).text());
  for (const RowForm form :
       {RowForm::text, RowForm::local_text, RowForm::logfmt, RowForm::fields,
        RowForm::event}) {
    render(event, form, RowBatch(), row_scratch, &row);
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  stogger::run(data);
  return 0;
}
