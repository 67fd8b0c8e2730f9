// Encodes arbitrary rows for arbitrary columns of PostgreSQL, and reads what
// comes of it with readers of its own: a tuple, a stream of COPY, and arrays
// have to say the same, each value has to be that of the row, and what is not
// in its column has to be in `data`.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "sinks/postgres/array_encoder.h"
#include "sinks/postgres/encode_value.h"
#include "tests/postgres/event_encoder.h"

namespace stogger {
namespace {

using Field = std::optional<std::string>;  // nothing for null

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "row encoder: %s\n", what);
  std::abort();
}

// Reads what PostgreSQL reads, and is as strict.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::int64_t integer(std::size_t size) {
    std::uint64_t number = 0;
    for (const char c : take(size)) {
      number = number << 8 | static_cast<unsigned char>(c);
    }
    const auto unused = static_cast<int>(64 - 8 * size);
    return static_cast<std::int64_t>(number << unused) >> unused;
  }
  Field field() {
    const std::int64_t size = integer(4);
    if (size == -1) return std::nullopt;
    check(size >= 0, "a field has a negative size");
    return std::string(take(static_cast<std::size_t>(size)));
  }
  // The fields of a tuple; nothing at the trailer.
  std::optional<std::vector<Field>> tuple() {
    const std::int64_t count = integer(2);
    if (count == -1) return std::nullopt;
    std::vector<Field> fields;
    for (std::int64_t i = 0; i < count; ++i) fields.push_back(field());
    return fields;
  }
  std::string_view take(std::size_t size) {
    check(size <= bytes_.size(), "the bytes end too early");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

std::vector<Field> read_array(std::string_view bytes, std::uint32_t type_id,
                              std::size_t count) {
  Reader reader(bytes);
  check(reader.integer(4) == 1, "an array has one dimension");
  const bool has_nulls = reader.integer(4) == 1;
  check(reader.integer(4) == type_id, "an array tells its type");
  check(reader.integer(4) == static_cast<std::int64_t>(count),
        "an array tells its size");
  check(reader.integer(4) == 1, "an array begins at 1");
  std::vector<Field> elements;
  bool nulls = false;
  for (std::size_t i = 0; i < count; ++i) {
    elements.push_back(reader.field());
    nulls = nulls || !elements.back();
  }
  check(nulls == has_nulls, "an array tells whether it has nulls");
  check(reader.at_end(), "an array ends with its last element");
  return elements;
}

std::string mended(std::string_view text) {
  Buffer out;
  append_clean_text(out, text);
  return std::string(out.view());
}

class RandomTable {
 public:
  explicit RandomTable(FuzzedDataProvider& data) : data_(data) {
    static constexpr std::uint32_t kTypes[] = {
        16,   20,   21,   23,   25,   114,  700, 701, 1042,
        1043, 1082, 1114, 1184, 2950, 3802, 19,  1700};
    const auto count = data.ConsumeIntegralInRange<std::size_t>(1, 8);
    for (std::size_t i = 0; i < count; ++i) {
      PostgresColumn column;
      column.name = name();
      if (find(column.name) != nullptr) continue;
      check(set_builtin_type(data.PickValueInArray(kTypes), &column),
            "the type is known");
      if (column.type == PostgresType::numeric && data.ConsumeBool()) {
        column.numeric = {data.ConsumeIntegralInRange(1, 400),
                          data.ConsumeIntegralInRange(-350, 350)};
      }
      column.required = data.ConsumeIntegralInRange(0, 9) == 0;
      if (column.type == PostgresType::text && column.most_bytes == 0) {
        column.most_characters = data.ConsumeIntegralInRange<std::size_t>(0, 6);
        column.is_enum = data.ConsumeIntegralInRange(0, 3) == 0;
        if (column.is_enum)
          column.labels = {"", "good",
                           "b\xC3\xA4"
                           "d"};
      }
      columns_.push_back(column);
    }
  }

  const std::vector<PostgresColumn>& columns() const { return columns_; }

  std::string name() {
    static constexpr const char* kNames[] = {"event", "level", "data", "n",
                                             "time",  "t",     "",     "\"x"};
    return data_.PickValueInArray(kNames);
  }
  const PostgresColumn* find(std::string_view name) const {
    for (const PostgresColumn& column : columns_) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }

 private:
  FuzzedDataProvider& data_;
  std::vector<PostgresColumn> columns_;
};

class RandomRows {
 public:
  RandomRows(FuzzedDataProvider& data, RandomTable& table) : data_(data) {
    const auto count = data.ConsumeIntegralInRange<std::size_t>(0, 8);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view name = texts_.emplace_back(table.name());
      bool is_new = true;
      for (const Column& column : columns_)
        is_new = is_new && column.name != name;
      if (is_new) columns_.push_back({name, Kind::null});
    }
    rows_ =
        columns_.empty() ? 0 : data.ConsumeIntegralInRange<std::size_t>(0, 4);
    for (std::size_t i = 0; i < rows_ * columns_.size(); ++i) {
      values_.push_back(value());
    }
  }

  RowBatch batch() const {
    RowBatch batch;
    batch.columns = columns_.data();
    batch.column_count = columns_.size();
    batch.values = values_.data();
    batch.row_count = rows_;
    return batch;
  }

 private:
  std::string_view text() {
    std::string& text =
        texts_.emplace_back(data_.ConsumeRandomLengthString(60));
    // Long enough for what is cut.
    if (data_.ConsumeIntegralInRange(0, 7) == 0 && !text.empty()) {
      while (text.size() < 2100) text += text;
    }
    return text;
  }

  // As sinks get it: valid, or a text.
  Value json() {
    Buffer clean;
    std::uint32_t sanitized = 0;
    const std::string_view text = this->text();
    if (!append_clean_json(clean, text, nullptr, nullptr, &sanitized)) {
      return Value(text);
    }
    return Value(Json{texts_.emplace_back(clean.view())});
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
        return data_.ConsumeIntegral<std::int16_t>();
      case 4:
        return data_.ConsumeIntegral<std::uint64_t>();
      case 5:
        return data_.ConsumeFloatingPoint<double>();
      case 6:
        return Time{data_.ConsumeIntegral<std::int64_t>()};
      case 7:
        return json();
      default:
        return text();
    }
  }

  FuzzedDataProvider& data_;
  std::deque<std::string> texts_;
  std::vector<Column> columns_;
  std::vector<Value> values_;
  std::size_t rows_ = 0;
};

// The number as text: the groups with their power of ten.
std::string read_numeric(Reader& reader) {
  const std::int64_t groups = reader.integer(2);
  const std::int64_t weight = reader.integer(2);
  const auto sign = static_cast<std::uint16_t>(reader.integer(2));
  const std::int64_t scale = reader.integer(2);
  check(scale >= 0, "the scale is a count of digits");
  if (sign == 0xC000) return "nan";
  if (sign == 0xD000) return "inf";
  if (sign == 0xF000) return "-inf";
  check(sign == 0 || sign == 0x4000, "the sign is one");
  std::string text = sign == 0 ? "0" : "-0";
  for (std::int64_t i = 0; i < groups; ++i) {
    const std::int64_t group = reader.integer(2);
    check(group >= 0 && group <= 9999, "a group has four digits");
    check(group != 0 || (i != 0 && i + 1 != groups), "no group is idle");
    text += std::to_string(10000 + group).substr(1);
  }
  return text + "e" + std::to_string((weight - groups + 1) * 4);
}

void check_numeric(const PostgresColumn& column, const std::string& text,
                   const Value& value) {
  const double read = std::strtod(text.c_str(), nullptr);
  if (value.kind() != Kind::real) {
    if (column.numeric.precision != 0) return;
    check(value.kind() == Kind::integer
              ? read == static_cast<double>(value.integer())
              : read == static_cast<double>(value.unsigned_integer()),
          "integers stay");
  } else if (std::isnan(value.real())) {
    check(std::isnan(read), "what is no number stays none");
  } else if (column.numeric.precision == 0 || std::isinf(value.real())) {
    check(read == value.real(), "real numbers stay");
  } else {
    const double unit = std::pow(10, -column.numeric.scale);
    check(!(std::fabs(read - value.real()) >
            0.500001 * unit + 1e-15 * std::fabs(value.real())),
          "real numbers are rounded to the scale");
  }
}

void check_integer(std::int64_t read, const Value& value) {
  const std::int64_t wanted = value.kind() == Kind::real
                                  ? static_cast<std::int64_t>(value.real())
                              : value.kind() == Kind::boolean ? value.boolean()
                                                              : value.integer();
  check(read == wanted, "integers stay");
}

// The value in the field is that of the row.
void check_value(const PostgresColumn& column, const std::string& field,
                 const Value& value) {
  Reader reader(field);
  switch (column.type) {
    case PostgresType::boolean:
      check(value.boolean() == (reader.integer(1) == 1), "booleans stay");
      break;
    case PostgresType::int2:
      check_integer(reader.integer(2), value);
      break;
    case PostgresType::int4:
      check_integer(reader.integer(4), value);
      break;
    case PostgresType::int8:
      check_integer(reader.integer(8), value);
      break;
    case PostgresType::float4:
      reader.take(4);
      break;
    case PostgresType::numeric:
      check_numeric(column, read_numeric(reader), value);
      break;
    case PostgresType::float8: {
      const std::int64_t bits = reader.integer(8);
      double real = 0;
      std::memcpy(&real, &bits, sizeof real);
      if (value.kind() == Kind::real) {
        const double wanted = value.real();
        check(std::memcmp(&real, &wanted, sizeof real) == 0,
              "real numbers stay");
      } else if (value.kind() == Kind::integer) {
        check(static_cast<std::int64_t>(real) == value.integer(),
              "integers are exact");
      } else {
        check(static_cast<std::uint64_t>(real) == value.unsigned_integer(),
              "integers are exact");
      }
      break;
    }
    case PostgresType::timestamptz:
    case PostgresType::timestamp: {
      const std::int64_t ns = value.time().ns;
      check(reader.integer(8) + std::int64_t{946684800} * 1000000 ==
                ns / 1000 - (ns % 1000 < 0 ? 1 : 0),
            "times are cut to microseconds");
      break;
    }
    case PostgresType::date:
      reader.take(4);
      break;
    case PostgresType::uuid:
      reader.take(16);
      break;
    case PostgresType::text:
      check(is_clean_text(field), "text is valid");
      check(column.most_bytes == 0 || field.size() <= column.most_bytes,
            "names are short");
      check(column.most_characters == 0 || column.is_enum ||
                utf8_length(field) <= column.most_characters,
            "text keeps to the limit");
      if (value.kind() == Kind::text) {
        const std::string whole = mended(value.text());
        check(column.name == "event" || column.name == "level"
                  ? whole.starts_with(field)
                  : whole == field,
              "text stays");
      }
      return;
    case PostgresType::json:
    case PostgresType::jsonb: {
      if (column.type == PostgresType::jsonb) {
        check(reader.integer(1) == 1, "jsonb begins with its version");
      }
      const std::size_t start = column.type == PostgresType::jsonb ? 1 : 0;
      check(nlohmann::json::accept(field.substr(start)), "JSON is valid");
      return;
    }
  }
  check(reader.at_end(), "a value has the size of its type");
}

// What `data` holds; an object if something was put into it.
nlohmann::json read_data(const std::vector<PostgresColumn>& columns,
                         const std::vector<Field>& fields) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!takes_the_rest(columns[i])) continue;
    check(fields[i].has_value(), "data is never null");
    const std::size_t start = columns[i].type == PostgresType::jsonb ? 1 : 0;
    auto data = nlohmann::json::parse(fields[i]->substr(start), nullptr, false);
    check(!data.is_discarded(), "data is valid JSON");
    return data;
  }
  return nullptr;
}

void check_row(const std::vector<PostgresColumn>& columns,
               const RowBatch& batch, std::size_t row,
               const std::vector<Field>& fields) {
  const nlohmann::json data = read_data(columns, fields);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const PostgresColumn& column = columns[i];
    if (takes_the_rest(column)) continue;
    check(fields[i].has_value() || !column.required, "required is not null");
    const Value* value = nullptr;
    for (std::size_t j = 0; j < batch.column_count; ++j) {
      if (batch.columns[j].name == column.name) value = &batch.at(row, j);
    }
    if (value == nullptr || value->is_null()) {
      check(!fields[i].has_value(), "null stays null");
    } else if (fields[i].has_value()) {
      check_value(column, *fields[i], *value);
    } else if (!data.is_null()) {
      check(data.is_object() && data.contains(mended(column.name)),
            "what does not fit is in data");
    }
  }
}

void encode_and_check(FuzzedDataProvider& data) {
  RandomTable table(data);
  const RandomRows rows(data, table);
  const RowBatch batch = rows.batch();
  EventEncoder encoder(table.columns());
  ArrayEncoder arrays(table.columns());
  const std::vector<PostgresColumn>& columns = table.columns();
  encoder.match(batch);
  Buffer copy;
  RowEncoder::append_copy_header(&copy);
  std::vector<std::vector<Field>> all;
  for (std::size_t i = 0; i < batch.row_count; ++i) {
    if (!encoder.encode(batch, i).ok()) continue;
    std::vector<Field> fields;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const char* const value = encoder.parameter_values()[j];
      const int size = encoder.parameter_lengths()[j];
      fields.push_back(
          value == nullptr
              ? Field()
              : std::string(value, static_cast<std::size_t>(size)));
    }
    check_row(columns, batch, i, fields);
    encoder.append_tuple(&copy);
    arrays.add(encoder);
    all.push_back(std::move(fields));
  }
  RowEncoder::append_copy_trailer(&copy);
  arrays.finish();

  Reader reader(copy.view());
  check(reader.take(11) == std::string_view("PGCOPY\n\377\r\n\0", 11),
        "the stream has its signature");
  check(reader.integer(4) == 0 && reader.integer(4) == 0,
        "the stream has no flags and no extension");
  for (const std::vector<Field>& fields : all) {
    check(reader.tuple() == fields, "the stream has the tuples");
  }
  check(!reader.tuple() && reader.at_end(), "the stream has a trailer");

  for (std::size_t j = 0; !all.empty() && j < columns.size(); ++j) {
    const auto elements =
        read_array({arrays.parameter_values()[j],
                    static_cast<std::size_t>(arrays.parameter_lengths()[j])},
                   columns[j].type_id, all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      check(elements[i] == all[i][j], "the arrays have the fields");
    }
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  stogger::encode_and_check(data);
  return 0;
}
