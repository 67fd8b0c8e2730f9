// Whatever the message template and the values, formatting ends, throws
// nothing, and says no more than the template asks for.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "fuzz/random_event.h"
#include "render/message.h"
#include "render/render.h"

namespace stogger {
namespace {

// At most so much comes of one {name:spec} besides the value: widths and
// precisions have three digits, a fill four bytes, a real 309 digits.
constexpr std::size_t kMostOfOne = 16384;

std::size_t count(std::string_view text, char c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

std::string rendered(Event event) {
  Buffer out;
  render_message(&event, out);
  return std::string(out.view());
}

void run(std::string_view text, FuzzedDataProvider& data) {
  const std::string first = data.ConsumeRandomLengthString(100);
  const std::string second = data.ConsumeRandomLengthString(100);
  const Field fields[] = {{"s", first},
                          {"t", second},
                          {"n", data.ConsumeIntegral<std::int64_t>()},
                          {"u", data.ConsumeIntegral<std::uint64_t>()},
                          {"r", data.ConsumeFloatingPoint<double>()},
                          {"b", data.ConsumeBool()},
                          {"z", nullptr},
                          {"w", Time{data.ConsumeIntegral<std::int64_t>()}},
                          {"j", Json{"{\"a\":[1,null]}"}},
                          {"id_", 7},
                          {"", "empty"}};
  Event event;
  event.level = Level::info;
  event.name = "an event";
  event.logger = "a logger";
  event.message_template = text;
  event.fields = fields;
  event.field_count = std::size(fields);

  const std::string message = rendered(event);
  check(message == rendered(event), "the same comes out the same");
  const std::size_t braces = count(text, '{');
  check(message.size() <= text.size() + (braces + 1) * kMostOfOne,
        "a message is no longer than its template asks for");
  if (braces == 0 && count(text, '}') == 0) {
    check(message == text, "a template without braces is its message");
  }

  // Braces as text come back as they were.
  std::string escaped;
  for (const char c : text) {
    escaped += c;
    if (c == '{' || c == '}') escaped += c;
  }
  event.message_template = escaped;
  check(rendered(event) == text, "doubled braces are braces");

  // Without fields nothing but names of the event can be there.
  event.message_template = text;
  event.field_count = 0;
  check(rendered(event).size() <= text.size() + (braces + 1) * kMostOfOne,
        "missing fields take no room");

  // And the line it ends up in is one line.
  event.message = message;
  for (const RowForm form : {RowForm::text, RowForm::json, RowForm::logfmt}) {
    RowScratch scratch;
    RowBatch row;
    render(event, form, RowBatch(), scratch, &row);
    const std::string_view line = row.at(0, 0).text();
    check(count(line, '\n') == 1 && line.ends_with('\n'), "a line is one line");
    check(is_clean_text(line), "a line is valid UTF-8");
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  const std::string text = data.ConsumeRandomLengthString(2000);
  stogger::run(text, data);
  return 0;
}
