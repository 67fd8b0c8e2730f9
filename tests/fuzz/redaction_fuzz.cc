// A secret under a key that is hidden, in JSON that is whole, broken, cut short
// or nested deeply, with or without escapes: it never gets into a line. The
// same for the texts of messages.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/scrub.h"
#include "fuzz/random_event.h"
#include "render/render.h"

namespace stogger {
namespace {

constexpr std::string_view kSecret = "hunter2x7";

bool shows_secret(std::string_view text) {
  return text.find(kSecret) != std::string_view::npos;
}

// The fuzzer learns the secret.
std::string other_text(FuzzedDataProvider& data, std::size_t most) {
  std::string text = data.ConsumeRandomLengthString(most);
  while (shows_secret(text)) text.erase(text.find(kSecret), kSecret.size());
  return text;
}

// The key, some of its characters as escapes or of the other case.
std::string disguised(FuzzedDataProvider& data, std::string_view key) {
  std::string out;
  for (const char c : key) {
    const int how = data.ConsumeIntegralInRange(0, 3);
    const char other =
        how >= 2 && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    if (how % 2 == 0) {
      out += other;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x",
                    static_cast<unsigned>(other));
      out += escape;
    }
  }
  return out;
}

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

std::string json_with_secret(FuzzedDataProvider& data, std::string_view key) {
  static constexpr std::string_view kBefore[] = {
      "", "[", "{\"a\":", "{\"a\":1,", "{", "\\", "\"", "{\"a\":\"", "\0"};
  const int depth =
      data.ConsumeBool() ? data.ConsumeIntegralInRange(0, 700) : 0;
  std::string json = other_text(data, 40);
  json += repeated("[", depth);
  json += data.PickValueInArray(kBefore);
  json += "{\"" + disguised(data, key) + "\"";
  json += repeated(" ", data.ConsumeIntegralInRange(0, 2));
  json += ":";
  json += data.ConsumeBool() ? "[\"" : "\"";
  json += kSecret;
  json += other_text(data, 40);
  if (data.ConsumeBool()) {
    const std::size_t end = json.find(kSecret) + kSecret.size();
    json.resize(end);
    json += json.find(":[\"") != std::string::npos ? "\"]}" : "\"}";
  }
  json += repeated("]", depth);
  return json;
}

bool member_shows_secret(const nlohmann::json& value, const Redaction& keys) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      if (keys.hides(key) && member != "[REDACTED]") return true;
      if (member_shows_secret(member, keys)) return true;
    }
  } else if (value.is_array()) {
    for (const auto& element : value) {
      if (member_shows_secret(element, keys)) return true;
    }
  }
  return false;
}

void check_event(FuzzedDataProvider& data) {
  static const EventSettings settings;
  const std::string_view key = data.PickValueInArray(
      {"password", "passwd", "secret", "token", "api_key", "authorization"});
  const std::string json = json_with_secret(data, key);
  const Field fields[] = {{"j", Json{json}}, {key, kSecret}};
  EventScratch scratch;
  Buffer message;
  Event event =
      compose(nullptr, {Level::info, "e", fields, "{j} {password} {token}", {}},
              Time{}, settings, scratch);
  render_message(&event, message);
  shorten(&event, scratch);
  const Value& shown = event.fields[0].value;
  if (shown.kind() == Kind::json) {
    check(!member_shows_secret(nlohmann::json::parse(shown.text()),
                               settings.redaction()),
          "no member shows a secret");
    return;
  }
  for (const RowForm form : {RowForm::json, RowForm::text, RowForm::logfmt}) {
    RowScratch row_scratch;
    RowBatch row;
    render(event, form, RowBatch(), row_scratch, &row);
    check(!shows_secret(row.at(0, 0).text()), "no line shows a secret");
  }
}

void check_message(FuzzedDataProvider& data) {
  static constexpr std::string_view kNames[] = {
      "password", "PASSWD", "db_secret", "token", "api_key", "sslpassword"};
  static constexpr std::string_view kBetween[] = {" ", "&",  ";",
                                                  "?", "\n", "'"};
  std::string text = other_text(data, 60);
  text += data.PickValueInArray(kBetween);
  if (data.ConsumeBool()) {
    text += data.PickValueInArray(kNames);
    text += data.PickValueInArray({"=", " = ", "='", " =\""});
    text += kSecret;
    text += data.PickValueInArray({"", " ", "&", ";", "'", "\""});
  } else {
    text += "postgresql://user:";
    text += kSecret;
    text += "@host/db";
  }
  const std::string rest = other_text(data, 60);
  if (!rest.empty()) text += " " + rest;
  check(!shows_secret(hide_secrets(text)), "no message shows a secret");
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  if (data.ConsumeBool()) {
    stogger::check_event(data);
  } else {
    stogger::check_message(data);
  }
  return 0;
}
