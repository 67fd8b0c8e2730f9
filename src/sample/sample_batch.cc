#include "sample/sample_batch.h"

#include <algorithm>

#include "sample/flatten.h"

namespace stogger {
namespace {

constexpr std::size_t kFewNames = 32;
constexpr std::size_t kKeptValues = 64 * 1024;
// What the index takes for a name, more or less.
constexpr std::size_t kIndexEntry = 64;

template <typename T>
void make_room_for_one(std::vector<T>& vector) {
  if (vector.size() == vector.capacity()) {
    vector.reserve(2 * vector.size() + 8);
  }
}

}  // namespace

bool SampleBatch::add(const Sample& sample, std::size_t room) {
  if (columns_.empty()) {
    columns_.reserve(kColumnsBeforeFields);
    for (std::size_t i = 0; i < kColumnsBeforeFields; ++i) {
      columns_.push_back({kOwnColumns[i]});
    }
  }
  find_columns(sample);
  if (columns_.size() != width_) {
    const std::size_t added = columns_.size() - width_;
    if (row_count_ * added * sizeof(Value) > room) return false;
    widen();
  }
  values_.resize(row_count_ * width_);  // without what a failure left there
  values_.resize(values_.size() + width_, Value::absent());
  Value* const row = values_.data() + row_count_ * width_;
  row[0] = arena_.copy(sample.device);
  row[1] = arena_.copy(sample.unit_id);
  row[2] = sample.requested_at;
  row[3] = sample.received_at;
  row[4] = midpoint_of(sample.requested_at, sample.received_at);
  row[5] = latency_of(sample.requested_at, sample.received_at);
  const std::size_t count = sample.fields.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (places_[i] != kIgnored) row[places_[i]] = keep(sample.fields[i].value);
  }
  row[status_] = arena_.copy(sample.status);
  ++row_count_;
  return true;
}

void SampleBatch::find_columns(const Sample& sample) {
  places_.clear();
  std::size_t guess = 0;  // mostly they are those of the sample before
  for (const Field& field : sample.fields) {
    places_.push_back(column_of(field_name(field.key), &guess));
  }
  if (status_ == 0) {
    columns_.push_back({kStatusColumn});
    status_ = static_cast<std::uint32_t>(columns_.size() - 1);
  }
}

std::uint32_t SampleBatch::column_of(std::string_view name,
                                     std::size_t* guess) {
  if (*guess < names_.size() && names_[*guess].text == name) {
    return names_[(*guess)++].column;
  }
  if (const Name* known = find(name)) {
    *guess = static_cast<std::size_t>(known - names_.data()) + 1;
    return known->column;
  }
  return add_column(name);
}

const SampleBatch::Name* SampleBatch::find(std::string_view name) const {
  if (names_.size() > kFewNames) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &names_[found->second];
  }
  const auto found =
      std::find_if(names_.begin(), names_.end(),
                   [&](const Name& n) { return n.text == name; });
  return found == names_.end() ? nullptr : &*found;
}

// Whatever there is no memory for fails before the name has its column.
std::uint32_t SampleBatch::add_column(std::string_view name) {
  const bool ignored = is_own_column(name);
  const std::string_view text = arena_.copy(name);
  const auto column =
      ignored ? kIgnored : static_cast<std::uint32_t>(columns_.size());
  make_room_for_one(names_);
  make_room_for_one(columns_);
  if (names_.size() >= kFewNames) {
    for (std::size_t i = index_.size(); i < names_.size(); ++i) {
      index_.emplace(names_[i].text, i);
    }
    index_.emplace(text, names_.size());
  }
  names_.push_back({text, column});
  if (!ignored) columns_.push_back({text});
  return column;
}

// Makes room for new columns in the rows there are, from the last one on.
void SampleBatch::widen() {
  const std::size_t width = columns_.size();
  values_.resize(row_count_ * width, Value::absent());
  for (std::size_t row = row_count_; row-- > 0;) {
    Value* const from = values_.data() + row * width_;
    Value* const to = values_.data() + row * width;
    if (row != 0) std::copy_backward(from, from + width_, to + width_);
    std::fill(to + width_, to + width, Value::absent());
  }
  width_ = width;
}

Value SampleBatch::keep(const Value& value) {
  switch (value.kind()) {
    case Kind::text:
      return arena_.copy(value.text());
    case Kind::json:
      return Json{arena_.copy(value.text())};
    case Kind::null:
    case Kind::custom:
      return {};
    default:
      return value;
  }
}

RowBatch SampleBatch::rows(Time now) const noexcept {
  RowBatch batch;
  batch.columns = columns_.data();
  batch.column_count = width_;
  batch.values = values_.data();
  batch.row_count = row_count_;
  batch.now = now;
  return batch;
}

std::size_t SampleBatch::bytes() const noexcept {
  return sizeof(SampleBatch) + arena_.size() +
         columns_.size() * sizeof(Column) +
         names_.size() * (sizeof(Name) + kIndexEntry) +
         row_count_ * width_ * sizeof(Value);
}

void SampleBatch::clear() noexcept {
  columns_.clear();
  names_.clear();
  index_.clear();
  if (values_.capacity() > kKeptValues) {
    std::vector<Value>().swap(values_);
  } else {
    values_.clear();
  }
  arena_.reset();
  status_ = 0;
  width_ = 0;
  row_count_ = 0;
}

}  // namespace stogger
