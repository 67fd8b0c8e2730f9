// tuple  = field count (16 bits) *field
// field  = length (32 bits; -1 for null) value
#include "sinks/postgres/row_encoder.h"

#include <utility>

#include "base/json.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "sinks/postgres/big_endian.h"
#include "sinks/postgres/encode_value.h"
#include "sinks/postgres/few_values.h"

namespace stogger {
namespace {

// A B-tree takes entries of 2704 bytes.
constexpr std::size_t kLongestIndexed = 2000;
constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kKeptScratch = 256 * 1024;

bool is_name(const PostgresColumn& column) noexcept {
  return column.type == PostgresType::text && !column.is_enum &&
         (column.name == "event" || column.name == "level");
}

std::string_view key_of_whole(const PostgresColumn& column) noexcept {
  return column.name == "event" ? "_event_full" : "_level_full";
}

std::string_view trimmed(std::string_view json) noexcept {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t begin = json.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return json.substr(begin, json.find_last_not_of(kSpaces) - begin + 1);
}

// The most bytes of a text that is at most `characters` long.
std::size_t size_of_characters(std::string_view text, std::size_t characters) {
  std::size_t size = 0;
  for (; characters > 0 && size < text.size(); --characters) {
    size += utf8_step(text.substr(size)).size;
  }
  return size;
}

// Leaves room for the length; returns where the value begins.
std::size_t begin_field(Buffer& out) {
  out.advance_to(out.reserve(kLengthSize) + kLengthSize);
  return out.size();
}

// Writes the length, and returns it as libpq wants it.
int end_field(Buffer& out, std::size_t start, bool is_null) noexcept {
  const std::size_t length = out.size() - start;
  write_big_endian(out.data() + start - kLengthSize,
                   is_null ? kNull : static_cast<std::uint32_t>(length));
  return is_null ? -1 : static_cast<int>(length);
}

}  // namespace

RowEncoder::RowEncoder(std::vector<PostgresColumn> columns,
                       const PostgresPolicy& policy, Schema& schema)
    : columns_(std::move(columns)),
      policy_(policy),
      schema_(schema),
      data_(columns_.size()) {
  std::vector<SchemaColumn> known;
  bool has_data_name = false;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (policy.has_standard_columns && takes_the_rest(columns_[i])) data_ = i;
    known.push_back(
        {columns_[i].name, i == data_ ? Kind::json : kind_of(columns_[i])});
    is_name_.push_back(policy.has_standard_columns && is_name(columns_[i]));
    has_data_name = has_data_name || columns_[i].name == "data";
  }
  if (policy.has_standard_columns && !has_data_name) {
    known.push_back({"data", Kind::json});
  }
  // There is a column at least.
  static_cast<void>(schema.set(std::move(known)));
  starts_.resize(columns_.size());
  values_.resize(columns_.size());
  lengths_.resize(columns_.size());
  rest_.reserve(2 * columns_.size());
}

void RowEncoder::match(const RowBatch& rows) {
  without_column_.clear();
  if (!has_data()) return schema_.match(rows);
  schema_.find(rows);
  if (!schema_.has_unplaced()) return;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (!schema_.is_placed(i)) without_column_.push_back(i);
  }
}

const Value& RowEncoder::value_of(const RowBatch& rows, std::size_t row,
                                  std::size_t column) const noexcept {
  static constexpr Value kNothing;
  const Value* const given = schema_.given(rows, row, column);
  return given == nullptr ? kNothing : *given;
}

Status RowEncoder::encode(const RowBatch& rows, std::size_t row) {
  fields_.recycle(kKeptScratch);
  data_field_.recycle(kKeptScratch);
  rest_.clear();
  append_big_endian(fields_, static_cast<std::uint16_t>(columns_.size()));
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i == data_) {
      data_place_ = fields_.size();
      continue;
    }
    const std::size_t start = begin_field(fields_);
    const Value& value = value_of(rows, row, i);
    const bool is_null = value.is_null() || !append_value(i, value);
    starts_[i] = start;
    lengths_[i] = end_field(fields_, start, is_null);
  }
  for (const std::size_t i : without_column_) {
    const Value& value = rows.at(row, i);
    if (!value.is_null()) rest_.push_back({rows.columns[i].name, value});
  }
  if (has_data()) {
    starts_[data_] = begin_field(data_field_);
    append_data(value_of(rows, row, data_));
    lengths_[data_] = end_field(data_field_, starts_[data_], false);
  } else if (schema_.columns().size() > columns_.size()) {
    note_lost_data(rows, row);
  }
  find_fields();
  return check_nulls();
}

// Of `data` that was asked for only to be reported here.
void RowEncoder::note_lost_data(const RowBatch& rows, std::size_t row) {
  const Value& data = value_of(rows, row, columns_.size());
  if (data.is_null()) return;
  if (data.kind() == Kind::json && data.text() == "{}") return;
  schema_.note_unknown("data");
}

// They stay where they are only as long as nothing is appended.
void RowEncoder::find_fields() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Buffer& field = i == data_ ? data_field_ : fields_;
    values_[i] = lengths_[i] < 0 ? nullptr : field.data() + starts_[i];
  }
}

Status RowEncoder::check_nulls() {
  left_out_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (lengths_[i] >= 0) continue;
    const PostgresColumn& column = columns_[i];
    if (column.has_default) left_out_.push_back(i);
    if (!column.required) continue;
    return Status(Code::rejected, "the column " + quoted(column.name) +
                                      " takes no null, and the row has no "
                                      "value that fits it");
  }
  if (!left_out_.empty()) leave_out_nulls();
  return {};
}

// Moves the parameters that stay together.
void RowEncoder::leave_out_nulls() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (lengths_[i] < 0 && columns_[i].has_default) continue;
    values_[kept] = values_[i];
    lengths_[kept++] = lengths_[i];
  }
}

bool RowEncoder::append_value(std::size_t index, const Value& value) {
  const PostgresColumn& column = columns_[index];
  const std::size_t start = fields_.size();
  const bool is_cut = value.kind() == Kind::text && is_name_[index];
  bool fits = append_postgres_value(fields_, column, value);
  if (is_cut && (!fits || fields_.size() - start > kLongestIndexed)) {
    fields_.truncate(start);
    fits = append_cut(column, value.text());
    if (fits) put_aside(index, key_of_whole(column), value);
  }
  if (!fits) put_aside(index, column.name, value);
  if (!fits) return false;
  if (column.type == PostgresType::jsonb) limit_json(fields_, start);
  if (encoding_ != nullptr) fit_encoding(column.type, fields_, start);
  return true;
}

// What its column does not hold.
void RowEncoder::put_aside(std::size_t column, std::string_view key,
                           const Value& value) {
  if (has_data()) {
    rest_.push_back({key, value});
  } else {
    schema_.note_misfit(column, value);
  }
}

// Of what has been encoded as jsonb there.
void RowEncoder::limit_json(Buffer& out, std::size_t start) {
  constexpr std::size_t kVersion = 1;
  const std::string_view json = out.view().substr(start + kVersion);
  if (!policy_.limits_json || !has_many_values(json)) return;
  scratch_.recycle(kKeptScratch);
  append_few_values(scratch_, json);
  out.truncate(start + kVersion);
  out.append(scratch_.view());
}

// Of the value that begins there.
void RowEncoder::fit_encoding(PostgresType type, Buffer& out,
                              std::size_t start) {
  bool replaced = false;
  if (type == PostgresType::text || type == PostgresType::json) {
    replaced = encoding_->fit_text(out, start);
  } else if (type == PostgresType::jsonb) {
    replaced = encoding_->fit_jsonb(out, start);
  }
  has_replaced_ = has_replaced_ || replaced;
}

bool RowEncoder::append_cut(const PostgresColumn& column,
                            std::string_view text) {
  if (text.size() > kLongestPostgresText) return false;
  scratch_.recycle(kKeptScratch);
  append_clean_text(scratch_, text);
  std::string_view cut = utf8_prefix(scratch_.view(), kLongestIndexed);
  if (column.most_characters != 0) {
    cut = cut.substr(0, size_of_characters(cut, column.most_characters));
  }
  if (column.most_bytes != 0) cut = utf8_prefix(cut, column.most_bytes);
  fields_.append(cut);
  return true;
}

// What `data` is to hold before anything is added; empty for null. May be in
// scratch_.
std::string_view RowEncoder::json_of_data(const Value& data) {
  if (data.is_null()) return {};
  scratch_.recycle(kKeptScratch);
  if (data.kind() == Kind::json || data.kind() == Kind::text) {
    if (data.text().size() > kLongestPostgresText) {
      schema_.note_misfit(data_, data);
      return {};
    }
  }
  if (data.kind() == Kind::json && is_clean_text(data.text())) {
    return trimmed(data.text());
  }
  if (data.kind() == Kind::text) {
    // From somebody who has no better kind for JSON.
    std::uint32_t sanitized = 0;
    if (append_clean_json(scratch_, data.text(), nullptr, nullptr,
                          &sanitized) &&
        scratch_.view().front() == '{') {
      return scratch_.view();
    }
    scratch_.clear();
  }
  append_postgres_json(scratch_, data);
  return trimmed(scratch_.view());
}

void RowEncoder::append_data(const Value& data) {
  const bool is_jsonb = columns_[data_].type == PostgresType::jsonb;
  const std::size_t start = data_field_.size();
  if (is_jsonb) data_field_.push_back('\1');
  const std::string_view json = json_of_data(data);
  if (!rest_.empty()) {
    append_members(json);
  } else {
    data_field_.append(json.empty() ? "{}" : json);
  }
  if (is_jsonb) limit_json(data_field_, start);
  if (encoding_ != nullptr) {
    fit_encoding(columns_[data_].type, data_field_, start);
  }
}

// The object `data`, or one made for it, with the rest.
void RowEncoder::append_members(std::string_view data) {
  const bool is_object = data.starts_with('{') && data.ends_with('}');
  data_field_.push_back('{');
  const std::size_t start = data_field_.size();
  if (is_object) {
    data_field_.append(trimmed(data.substr(1, data.size() - 2)));
  } else if (!data.empty()) {
    data_field_.append("\"data\":");
    data_field_.append(data);
  }
  for (const Member& member : rest_) {
    if (data_field_.size() + json_value_room(member.value) >
        kLongestPostgresText) {
      schema_.note_unknown(member.key);
      continue;
    }
    if (data_field_.size() != start) data_field_.push_back(',');
    append_json_string(data_field_, member.key);
    data_field_.push_back(':');
    append_postgres_json(data_field_, member.value);
  }
  data_field_.push_back('}');
}

void RowEncoder::append_tuple(Buffer* out) const {
  if (!left_out_.empty()) {
    const std::size_t count = parameter_count();
    append_big_endian(*out, static_cast<std::uint16_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
      append_big_endian(*out, static_cast<std::uint32_t>(lengths_[i]));
      if (lengths_[i] < 0) continue;
      out->append({values_[i], static_cast<std::size_t>(lengths_[i])});
    }
    return;
  }
  const std::string_view fields = fields_.view();
  if (data_ == columns_.size()) {
    out->append(fields);
    return;
  }
  out->append(fields.substr(0, data_place_));
  out->append(data_field_.view());
  out->append(fields.substr(data_place_));
}

void RowEncoder::append_copy_header(Buffer* out) {
  // The signature, no flags, and no extension.
  constexpr char kHeader[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
  static_assert(sizeof kHeader - 1 == 19);
  out->append({kHeader, sizeof kHeader - 1});
}

void RowEncoder::append_copy_trailer(Buffer* out) {
  append_big_endian(*out, std::uint16_t{0xFFFF});
}

}  // namespace stogger
