#include "stogger/value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <exception>
#include <iterator>
#include <string>

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
  std::string text;
  Value plain;
  enum { nothing, is_text, is_json, is_plain } state = nothing;
  int depth = 0;
  std::size_t most = SIZE_MAX;  // bytes of the text that are kept
};

void ValueWriter::set(Value value) {
  constexpr int kDeepest = 16;
  switch (value.kind()) {
    case Kind::custom:
      // A type may stand for another user's type, but not for itself.
      if (rep_->depth < kDeepest) {
        ++rep_->depth;
        value.write_custom(*this);
        --rep_->depth;
      }
      return;
    case Kind::text:
    case Kind::json:
      rep_->text = value.text().substr(0, rep_->most);
      rep_->state = value.kind() == Kind::text ? Rep::is_text : Rep::is_json;
      return;
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

Value ValueCapture::resolve(const Value& custom, Arena& arena,
                            std::size_t most) {
  ValueWriter::Rep rep;
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
      return Value(Json{arena.copy(rep.text)});
    case ValueWriter::Rep::is_plain:
      return rep.plain;
    case ValueWriter::Rep::nothing:
      break;
  }
  return Value();
}

}  // namespace stogger
