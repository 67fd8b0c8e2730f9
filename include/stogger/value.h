// Value and Field: what a log call and a sample are made of.
//
// A Value is a 24-byte view. It owns nothing: text, JSON and objects of user
// types must stay alive until the call they are passed to returns, which the
// temporaries of one full expression do. The library copies what it keeps
// (bound fields, scopes). So a Field that is kept for longer, in a std::vector
// say, must not be made from a temporary text: keep the text beside it.
// Compilers refuse Fields of a container that is a temporary itself, and clang
// warns of a Value, a Field or Fields that outlive what they were made from.
//
// What converts to a Value implicitly:
//   bool, every integer type, double
//   float                 the double of its shortest decimal: 14.7F is 14.7
//   char                  text of one character
//   const char*           text; a null pointer is null
//   std::string, std::string_view and whatever converts to string_view
//   std::nullptr_t        null
//   std::optional<T>      its value, or null (any type shaped like it)
//   stogger::Time         a point in time
//   stogger::Json         JSON text
//   your own types        see ValueWriter below
// Raw pointers, enumerations, long double and wide characters do not compile:
// cast them to what you mean. docs/types.md has what each type becomes.
//
// Opt-in headers add containers and more of the standard library (std.h),
// std::chrono (chrono.h), nlohmann::json (json.h) and all that {fmt} can format
// (fmt.h).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

#include "stogger/export.h"

namespace stogger {

struct Field;
class Value;
class ValueWriter;

// A point in time: nanoseconds since 1970-01-01T00:00:00 UTC, without leap
// seconds. Covers the years 1677 to 2262.
struct Time {
  std::int64_t ns = 0;

  friend constexpr bool operator==(Time, Time) = default;
  friend constexpr auto operator<=>(Time, Time) = default;
};

// JSON text, to be stored as JSON and not as a string. Text that is not valid
// JSON (RFC 8259), is nested deeper than 64 levels, or has a number beyond the
// range of a double is stored as a string; as [REDACTED] if it names a secret.
struct Json {
  std::string_view text;
};

// What a Value holds. The numbers are part of the module ABI: append only.
enum class Kind : std::uint8_t {
  null = 0,
  boolean = 1,
  integer = 2,           // std::int64_t
  unsigned_integer = 3,  // std::uint64_t, only for values above INT64_MAX
  real = 4,              // double
  text = 5,              // bytes meant as UTF-8; sinks replace what is not
  time = 6,
  json = 7,
  custom = 8,  // an object of a user's type, not written out yet; no sink
               // ever sees one
};

namespace detail {

template <class T>
concept Integer =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
    !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
    !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

// True for types, as adapters declare them, that convert to nearly everything
// and so must be kept from being taken for text.
template <class T>
inline constexpr bool kConvertsToAnything = false;

// True for types that std.h writes, whether or not {fmt} can format them.
template <class T>
inline constexpr bool kWrittenByStd = false;

template <class T>
concept TextLike =
    !kConvertsToAnything<T> && !std::is_pointer_v<std::decay_t<T>> &&
    std::convertible_to<const T&, std::string_view>;

template <class T>
concept OptionalLike = requires(const T& v) {
  { v.has_value() } -> std::same_as<bool>;
  *v;
}
&&!TextLike<T>;

// True if the customisation point is there for T. See ValueWriter.
template <class T>
concept CustomWritable =
    !Integer<T> && !std::same_as<T, bool> && !std::is_pointer_v<T> &&
    !TextLike<T> && !OptionalLike<T> &&
    requires(ValueWriter & out, const T& v) {
  write_value(out, v);
};

// The Value of an object; a type that has none does not compile, and is named.
template <class T>
constexpr Value value_of(const T& object STOGGER_LIFETIMEBOUND) noexcept;

template <class T>
void write_custom(ValueWriter& out, const void* object) {
  write_value(out, *static_cast<const T*>(object));
}

// The double that is nearest to the shortest decimal that reads back as this
// float.
STOGGER_API double decimal_of(float value) noexcept;

// One character of text for each char, so that a Value can point at it.
STOGGER_API extern const char kCharacters[256];

}  // namespace detail

class Value {
 public:
  using CustomWriter = void (*)(ValueWriter& out, const void* object);

  constexpr Value() noexcept : integer_(0), size_(0), kind_(Kind::null) {}
  constexpr Value(std::nullptr_t) noexcept : Value() {}

  template <std::same_as<bool> T>
  constexpr Value(T v) noexcept
      : integer_(v ? 1 : 0), size_(0), kind_(Kind::boolean) {}

  template <detail::Integer T>
  constexpr Value(T v) noexcept
      : integer_(static_cast<std::int64_t>(v)),
        size_(0),
        kind_(v > T{0} && static_cast<std::uint64_t>(v) >
                              static_cast<std::uint64_t>(INT64_MAX)
                  ? Kind::unsigned_integer
                  : Kind::integer) {}

  // real() looks for the decimal, so that a call below the level does not.
  constexpr Value(float v) noexcept
      : real_(static_cast<double>(v)), size_(kFromFloat), kind_(Kind::real) {}
  constexpr Value(double v) noexcept : real_(v), size_(0), kind_(Kind::real) {}

  constexpr Value(char v) noexcept
      : text_(detail::kCharacters + static_cast<unsigned char>(v)),
        size_(1),
        kind_(Kind::text) {}
  constexpr Value(const char* v) noexcept
      : text_(v),
        size_(v == nullptr ? 0 : __builtin_strlen(v)),
        kind_(v == nullptr ? Kind::null : Kind::text) {}
  constexpr Value(std::string_view v) noexcept
      : text_(v.data()), size_(v.size()), kind_(Kind::text) {}
  template <detail::TextLike T>
  constexpr Value(const T& v STOGGER_LIFETIMEBOUND) noexcept
      : Value(static_cast<std::string_view>(v)) {}

  constexpr Value(Time v) noexcept
      : integer_(v.ns), size_(0), kind_(Kind::time) {}
  constexpr Value(Json v) noexcept
      : text_(v.text.data()), size_(v.text.size()), kind_(Kind::json) {}

  template <detail::OptionalLike T>
  constexpr Value(const T& v) noexcept : Value() {
    if (v.has_value()) *this = detail::value_of(*v);
  }
  template <class T>
  requires detail::CustomWritable<T>
  constexpr Value(const T& v STOGGER_LIFETIMEBOUND) noexcept
      : object_(&v), writer_(&detail::write_custom<T>), kind_(Kind::custom) {}

  // The null of a column that its row does not have. Only targets that name the
  // columns with every row, such as JSON lines, distinguish it from other
  // nulls.
  static constexpr Value absent() noexcept {
    Value value;
    value.size_ = 1;
    return value;
  }

  constexpr Kind kind() const noexcept { return kind_; }
  constexpr bool is_null() const noexcept { return kind_ == Kind::null; }
  constexpr bool is_absent() const noexcept { return is_null() && size_ != 0; }

  // Each requires the kind() it is named after.
  constexpr bool boolean() const noexcept { return integer_ != 0; }
  constexpr std::int64_t integer() const noexcept { return integer_; }
  constexpr std::uint64_t unsigned_integer() const noexcept {
    return static_cast<std::uint64_t>(integer_);
  }
  constexpr double real() const noexcept {
    return size_ == kFromFloat ? detail::decimal_of(static_cast<float>(real_))
                               : real_;
  }
  constexpr Time time() const noexcept { return Time{integer_}; }
  // Kind::text or Kind::json.
  constexpr std::string_view text() const noexcept { return {text_, size_}; }
  // Kind::custom.
  void write_custom(ValueWriter& out) const { writer_(out, object_); }

 private:
  static constexpr std::size_t kFromFloat = 1;

  union {
    std::int64_t integer_;  // boolean, integer, unsigned_integer (bits), time
    double real_;
    const char* text_;
    const void* object_;
  };
  union {
    std::size_t size_;  // text, json: bytes; else a mark, or 0
    CustomWriter writer_;
  };
  Kind kind_;
};

static_assert(sizeof(Value) == 24);

// Receives the value of an object of a user's type. To make a type loggable,
// write a function in the type's own namespace:
//
//   void write_value(stogger::ValueWriter& out, const UserId& id) {
//     out.set(id.number);
//   }
//
// It runs only when some sink takes the event, on the thread that logs, before
// the call returns. An exception that leaves it becomes the value
// "[not writable: what()]".
class STOGGER_API ValueWriter {
 public:
  // The value itself; text and JSON are copied. The last set() wins, and ends
  // the text appended so far.
  void set(Value value);

  // Adds to the value as text.
  void append(std::string_view text);

  // Adds to the value as JSON: what stands between values, as it is; and a
  // value of any kind, text as a string. What is no JSON in the end is stored
  // as text.
  void append_json(std::string_view json);
  void append_json_value(Value value);

  ValueWriter(const ValueWriter&) = delete;
  ValueWriter& operator=(const ValueWriter&) = delete;

 private:
  friend class ValueCapture;
  struct Rep;
  explicit ValueWriter(Rep* rep) noexcept : rep_(rep) {}
  Rep* rep_;
};

namespace detail {

// Never true. Compilers print it, and so T.
template <class T>
inline constexpr bool no_conversion_for = false;

template <class T>
constexpr Value value_of(const T& object) noexcept {
  if constexpr (std::constructible_from<Value, const T&>) {
    return Value(object);
  } else {
    static_assert(no_conversion_for<T>,
                  "stogger cannot log a value of this type T: docs/types.md "
                  "lists the types it can, and says what to do for others");
    return Value();
  }
}

template <class Range>
concept FieldRange = requires(const Range& r) {
  { r.data() } -> std::convertible_to<const Field*>;
  { r.size() } -> std::convertible_to<std::size_t>;
};

}  // namespace detail

// A named value: {"user_id", 42}.
struct Field {
  std::string_view key;
  Value value;

  constexpr Field() noexcept = default;
  constexpr Field(std::string_view field_key,
                  Value field_value STOGGER_LIFETIMEBOUND) noexcept
      : key(field_key), value(field_value) {}
  // For types that convert to everything, and so to a Value in two ways; and
  // for those that do not convert at all, which do not compile.
  template <class T>
  requires(!std::convertible_to<const T&, Value>) constexpr Field(
      std::string_view field_key,
      const T& object STOGGER_LIFETIMEBOUND) noexcept
      : key(field_key), value(detail::value_of(object)) {}
};

// The fields of one call: a braced list {{"a", 1}, {"b", 2}}, an array, or any
// contiguous range of Field (std::vector, std::span). A view: a container has a
// name, so that it is there for as long.
class Fields {
 public:
  constexpr Fields() noexcept = default;
  constexpr Fields(
      std::initializer_list<Field> list STOGGER_LIFETIMEBOUND) noexcept
      : Fields(list.begin(), list.size()) {}
  constexpr Fields(const Field* data, std::size_t size) noexcept
      : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr Fields(const Field (&array)[N]) noexcept : data_(array), size_(N) {}
  template <detail::FieldRange Range>
  constexpr Fields(const Range& range) noexcept
      : data_(range.data()), size_(range.size()) {}
  // A temporary that owns its fields; a view, such as std::span, does not.
  template <detail::FieldRange Range>
  requires(!std::is_trivially_copyable_v<Range>) constexpr Fields(
      const Range&& range) = delete;

  constexpr const Field* begin() const noexcept { return data_; }
  constexpr const Field* end() const noexcept { return data_ + size_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr const Field& operator[](std::size_t i) const noexcept {
    return data_[i];
  }

 private:
  const Field* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace stogger
