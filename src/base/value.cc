#include "stogger/value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <exception>
#include <iterator>
#include <string>

#include "base/buffer.h"
#include "base/json.h"
#include "base/number.h"
#include "base/value_capture.h"

namespace stogger {

namespace detail {

#define STOGGER_CHARACTERS_4(c) c, c + 1, c + 2, c + 3
#define STOGGER_CHARACTERS_16(c)                        \
  STOGGER_CHARACTERS_4(c), STOGGER_CHARACTERS_4(c + 4), \
      STOGGER_CHARACTERS_4(c + 8), STOGGER_CHARACTERS_4(c + 12)
#define STOGGER_CHARACTERS_64(c)                           \
  STOGGER_CHARACTERS_16(c), STOGGER_CHARACTERS_16(c + 16), \
      STOGGER_CHARACTERS_16(c + 32), STOGGER_CHARACTERS_16(c + 48)
const char kCharacters[256] = {
    STOGGER_CHARACTERS_64(0), STOGGER_CHARACTERS_64(64),
    STOGGER_CHARACTERS_64(-128), STOGGER_CHARACTERS_64(-64)};

double decimal_of(float value) noexcept {
  const double exact = value;
  if (!std::isfinite(value)) return exact;
  char text[kNumberSize];
  const char* const end = std::to_chars(text, std::end(text), value).ptr;
  double decimal = exact;
  std::from_chars(text, end, decimal);
  return decimal;
}

}  // namespace detail

struct ValueWriter::Rep {
  // The JSON so far, which is the value from now on.
  Buffer& begin_json() noexcept {
    if (state != is_json) json.clear();
    state = is_json;
    return json;
  }

  std::string text;  // a short one takes no memory
  Buffer json;
  Value plain;
  enum { nothing, is_text, is_json, is_plain } state = nothing;
  std::size_t depth;  // of user's types that stand for or hold others
  std::size_t most;   // bytes of the text or of the JSON that are kept
};

void ValueWriter::set(Value value) {
  switch (value.kind()) {
    case Kind::custom:
      // A type may stand for another user's type, but not for itself.
      if (rep_->depth < kJsonDepth) {
        ++rep_->depth;
        value.write_custom(*this);
        --rep_->depth;
      }
      return;
    case Kind::text:
      rep_->text = value.text().substr(0, rep_->most);
      rep_->state = Rep::is_text;
      return;
    case Kind::json:
      rep_->begin_json().clear();
      return append_json(value.text());
    default:
      rep_->plain = value;
      rep_->state = Rep::is_plain;
  }
}

void ValueWriter::append(std::string_view text) {
  if (rep_->state != Rep::is_text) rep_->text.clear();
  rep_->state = Rep::is_text;
  rep_->text += text.substr(0, rep_->most - rep_->text.size());
}

void ValueWriter::append_json(std::string_view json) {
  Buffer& out = rep_->begin_json();
  out.append(json.substr(0, rep_->most - out.size()));
}

void ValueWriter::append_json_value(Value value) {
  Buffer& out = rep_->begin_json();
  if (out.size() >= rep_->most) return;
  Arena arena;
  if (value.kind() == Kind::custom) {
    value = ValueCapture::resolve(value, arena, rep_->most, rep_->depth + 1);
  }
  std::uint32_t sanitized = 0;
  if (value.kind() != Kind::json) {
    stogger::append_json_value(out, value);
  } else if (!append_clean_json(out, value.text(), nullptr, nullptr,
                                &sanitized)) {
    append_json_string(out, value.text());
  }
  if (out.size() > rep_->most) out.truncate(rep_->most);
}

Value ValueCapture::resolve(const Value& custom, Arena& arena, std::size_t most,
                            std::size_t depth) {
  if (depth > kJsonDepth) return Value();
  ValueWriter::Rep rep;
  rep.depth = depth;
  rep.most = most;
  ValueWriter writer(&rep);
  try {
    custom.write_custom(writer);
  } catch (const std::exception& e) {
    writer.set(Value(std::string("[not writable: ") + e.what() + "]"));
  } catch (...) {
    writer.set("[not writable]");
  }
  switch (rep.state) {
    case ValueWriter::Rep::is_text:
      return Value(arena.copy(rep.text));
    case ValueWriter::Rep::is_json:
      return Value(Json{arena.copy(rep.json.view())});
    case ValueWriter::Rep::is_plain:
      return rep.plain;
    case ValueWriter::Rep::nothing:
      break;
  }
  return Value();
}

}  // namespace stogger
