#include "sinks/parquet/chunk_encoder.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "sinks/parquet/packing.h"
#include "sinks/parquet/statistics.h"

namespace stogger {
namespace {

constexpr std::size_t kPageBytes = 1024 * 1024;
constexpr std::size_t kPageRows = kPageBytes / sizeof(std::uint64_t);
// Readers keep a dictionary in memory.
constexpr std::size_t kDictionaryBytes = 1024 * 1024;
// What the encodings of numbers are tried with.
constexpr std::size_t kSample = 4096;
constexpr std::size_t kSizeBytes = 4;  // before each text, and before levels

void append_little_endian(Buffer& out, std::uint32_t value) {
  char bytes[kSizeBytes];
  for (char& byte : bytes) {
    byte = static_cast<char>(value);
    value >>= 8;
  }
  out.append({bytes, sizeof bytes});
}

void append_plain(Buffer& out, const std::uint64_t* values, std::size_t count) {
  out.append({reinterpret_cast<const char*>(values), count * sizeof *values});
}

void append_text(Buffer& out, std::string_view text) {
  append_little_endian(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

std::uint64_t zero_as_largest(std::size_t count) noexcept {
  return count == 0 ? 0 : count - 1;
}

// A page has many small texts or a single one, of which each byte may have been
// replaced by U+FFFD, and may grow by a sixth when it is compressed.
static_assert(ColumnBuffer::kMostText * 3 / 6 * 7 + kPageBytes <
                  std::numeric_limits<std::int32_t>::max(),
              "the size of a page has 31 bits");

}  // namespace

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian, and so are our copies");

ParquetType parquet_type(Kind kind) noexcept {
  switch (kind) {
    case Kind::boolean:
      return ParquetType::boolean;
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::time:
      return ParquetType::int64;
    case Kind::real:
      return ParquetType::real;
    default:
      return ParquetType::bytes;
  }
}

// ---- Which encoding

ChunkEncoder::Encoding ChunkEncoder::choose(const ColumnBuffer& column) {
  if (column.value_count() == 0 || column.kind() == Kind::boolean) {
    return Encoding::plain;
  }
  return column.is_text() ? choose_for_text(column)
                          : choose_for_numbers(column);
}

ChunkEncoder::Encoding ChunkEncoder::choose_for_text(
    const ColumnBuffer& column) {
  if (!use_dictionary_ || !column.has_distinct_texts()) return Encoding::plain;
  std::uint64_t dictionary = 0;
  for (std::size_t i = 0; i < column.text_count(); ++i) {
    dictionary += column.text(i).size() + kSizeBytes;
  }
  std::uint64_t plain = 0;
  for (std::size_t i = 0; i < column.value_count(); ++i) {
    plain += column.text(column.indexes()[i]).size() + kSizeBytes;
  }
  index_width_ = std::max(bit_width(zero_as_largest(column.text_count())), 1U);
  const std::uint64_t indexes = column.value_count() * index_width_ / 8;
  return dictionary <= kDictionaryBytes && dictionary + indexes < plain
             ? Encoding::dictionary
             : Encoding::plain;
}

// By what each makes of the first values, compressed. A dictionary is made of
// all values, and counts in full.
ChunkEncoder::Encoding ChunkEncoder::choose_for_numbers(
    const ColumnBuffer& column) {
  const std::size_t count = column.value_count();
  const std::size_t sample = std::min(count, kSample);
  Encoding best = Encoding::plain;
  std::size_t least = sample_size(column, sample, best);
  const Encoding other =
      column.kind() == Kind::real ? Encoding::split : Encoding::deltas;
  if (const std::size_t size = sample_size(column, sample, other);
      size < least) {
    best = other;
    least = size;
  }
  if (!use_dictionary_ || !number_dictionary(column, count / 2)) return best;
  packed_.clear();
  append_runs(packed_, number_indexes_.data(), count, index_width_);
  body_.clear();
  codec_.append(body_, packed_.view());
  const std::size_t dictionary =
      body_.size() + numbers_.size() * sizeof numbers_[0];
  return dictionary < least * (count / sample) ? Encoding::dictionary : best;
}

std::size_t ChunkEncoder::sample_size(const ColumnBuffer& column,
                                      std::size_t count, Encoding encoding) {
  packed_.clear();
  append_values(column, encoding, 0, count, &packed_);
  body_.clear();
  codec_.append(body_, packed_.view());
  return body_.size();
}

// False if there are more than `most` different numbers.
bool ChunkEncoder::number_dictionary(const ColumnBuffer& column,
                                     std::size_t most) {
  constexpr std::size_t kMost = kDictionaryBytes / sizeof(std::uint64_t);
  most = std::min(most, kMost);
  table_.clear();
  numbers_.clear();
  number_indexes_.clear();
  const auto hash_at = [&](std::uint32_t i) {
    return table_.hash(numbers_[i]);
  };
  for (std::size_t i = 0; i < column.value_count(); ++i) {
    const std::uint64_t number = column.numbers()[i];
    if (i == kSample && numbers_.size() > kSample - kSample / 8) return false;
    bool is_new = false;
    number_indexes_.push_back(table_.find_or_add(
        table_.hash(number),
        [&](std::uint32_t j) { return numbers_[j] == number; }, hash_at,
        &is_new));
    if (!is_new) continue;
    if (numbers_.size() == most) return false;
    numbers_.push_back(number);
  }
  index_width_ = std::max(bit_width(zero_as_largest(numbers_.size())), 1U);
  return true;
}

// ---- Pages

ChunkEncoder::Page ChunkEncoder::next_page(const ColumnBuffer& column,
                                           Encoding encoding, std::size_t row,
                                           std::size_t value) const {
  Page page;
  const std::size_t rows = std::min(column.rows() - row, kPageRows);
  if (column.nulls() == 0 &&
      (!column.is_text() || encoding == Encoding::dictionary)) {
    return {rows, rows};
  }
  std::size_t bytes = 0;
  for (; page.rows < rows && bytes < kPageBytes; ++page.rows) {
    if (column.nulls() != 0 && column.defined()[row + page.rows] == 0) continue;
    if (column.is_text() && encoding == Encoding::plain) {
      const std::uint32_t index = column.indexes()[value + page.values];
      const std::size_t size = column.text(index).size() + kSizeBytes;
      if (page.rows > 0 && bytes + size > kPageBytes) break;
      bytes += size;
    }
    ++page.values;
  }
  return page;
}

void ChunkEncoder::append_levels(const ColumnBuffer& column, std::size_t row,
                                 std::size_t count) {
  packed_.clear();
  if (column.nulls() == 0) {
    append_varint(packed_, std::uint64_t{count} << 1);
    packed_.push_back(1);
  } else {
    append_runs(packed_, column.defined() + row, count, 1);
  }
  append_little_endian(body_, static_cast<std::uint32_t>(packed_.size()));
  body_.append(packed_.view());
}

void ChunkEncoder::append_values(const ColumnBuffer& column, Encoding encoding,
                                 std::size_t first, std::size_t count,
                                 Buffer* out) {
  if (encoding == Encoding::dictionary) {
    const std::uint32_t* indexes =
        column.is_text() ? column.indexes() : number_indexes_.data();
    out->push_back(static_cast<char>(index_width_));
    append_runs(*out, indexes + first, count, index_width_);
  } else if (column.is_text()) {
    for (std::size_t i = first; i < first + count; ++i) {
      append_text(*out, column.text(column.indexes()[i]));
    }
  } else if (column.kind() == Kind::boolean) {
    append_bits(*out, column.numbers() + first, count);
  } else if (encoding == Encoding::deltas) {
    append_deltas(*out, column.numbers() + first, count);
  } else if (encoding == Encoding::split) {
    append_split(*out, column.numbers() + first, count);
  } else {
    append_plain(*out, column.numbers() + first, count);
  }
}

// Adds the page whose body is ready.
template <class WriteHeader>
void ChunkEncoder::append_page(std::int32_t type, WriteHeader write_header,
                               ChunkSizes* sizes, Buffer* out) {
  packed_.clear();
  codec_.append(packed_, body_.view());
  const std::size_t start = out->size();
  ThriftWriter header(out);
  header.integer32(1, type);
  header.integer32(2, static_cast<std::int32_t>(body_.size()));
  header.integer32(3, static_cast<std::int32_t>(packed_.size()));
  write_header(header);
  header.end();
  sizes->uncompressed += out->size() - start + body_.size();
  out->append(packed_.view());
  sizes->compressed += out->size() - start;
}

void ChunkEncoder::append_dictionary_page(const ColumnBuffer& column,
                                          ChunkSizes* sizes, Buffer* out) {
  constexpr std::int32_t kDictionaryPage = 2;
  body_.clear();
  std::size_t count = numbers_.size();
  if (column.is_text()) {
    count = column.text_count();
    for (std::size_t i = 0; i < count; ++i) append_text(body_, column.text(i));
  } else {
    append_plain(body_, numbers_.data(), count);
  }
  append_page(
      kDictionaryPage,
      [&](ThriftWriter& header) {
        header.begin(7);
        header.integer32(1, static_cast<std::int32_t>(count));
        header.integer32(2, static_cast<std::int32_t>(Encoding::plain));
        header.end();
      },
      sizes, out);
}

void ChunkEncoder::append_data_page(const ColumnBuffer& column,
                                    Encoding encoding, std::size_t row,
                                    std::size_t value, const Page& page,
                                    ChunkSizes* sizes, Buffer* out) {
  constexpr std::int32_t kDataPage = 0;
  body_.clear();
  append_levels(column, row, page.rows);
  append_values(column, encoding, value, page.values, &body_);
  append_page(
      kDataPage,
      [&](ThriftWriter& header) {
        header.begin(5);
        header.integer32(1, static_cast<std::int32_t>(page.rows));
        header.integer32(2, static_cast<std::int32_t>(encoding));
        header.integer32(3, static_cast<std::int32_t>(Encoding::runs));
        header.integer32(4, static_cast<std::int32_t>(Encoding::runs));
        header.end();
      },
      sizes, out);
}

// ---- The chunk

ChunkSizes ChunkEncoder::encode(const ColumnBuffer& column,
                                std::string_view name, std::uint64_t base,
                                Buffer* out, ThriftWriter* metadata) {
  const std::uint64_t start = base + out->size();
  const Encoding encoding = choose(column);
  const bool has_dictionary = encoding == Encoding::dictionary;
  ChunkSizes sizes;
  if (has_dictionary) append_dictionary_page(column, &sizes, out);
  const std::uint64_t data = base + out->size();
  std::size_t row = 0;
  std::size_t value = 0;
  while (row < column.rows()) {
    const Page page = next_page(column, encoding, row, value);
    append_data_page(column, encoding, row, value, page, &sizes, out);
    row += page.rows;
    value += page.values;
  }

  metadata->begin();
  metadata->integer64(2, std::uint64_t{0});  // no copy of it lies elsewhere
  metadata->begin(3);
  metadata->integer32(1,
                      static_cast<std::int32_t>(parquet_type(column.kind())));
  metadata->list(2, ThriftWriter::Type::i32, has_dictionary ? 3 : 2);
  if (has_dictionary) {
    metadata->item(static_cast<std::int32_t>(Encoding::plain));
  }
  metadata->item(static_cast<std::int32_t>(Encoding::runs));
  metadata->item(static_cast<std::int32_t>(encoding));
  metadata->list(3, ThriftWriter::Type::text, 1);
  metadata->item(name);
  metadata->integer32(4, static_cast<std::int32_t>(codec_.compression()));
  metadata->integer64(5, std::uint64_t{column.rows()});
  metadata->integer64(6, sizes.uncompressed);
  metadata->integer64(7, sizes.compressed);
  metadata->integer64(9, data);
  if (has_dictionary) metadata->integer64(11, start);
  const ParquetStatistics statistics = statistics_of(column);
  metadata->begin(12);
  metadata->integer64(3, std::uint64_t{statistics.nulls});
  if (statistics.has_range) {
    if (statistics.has_most) metadata->text(5, statistics.most);
    metadata->text(6, statistics.least);
    if (statistics.has_most) metadata->boolean(7, statistics.most_is_exact);
    metadata->boolean(8, statistics.least_is_exact);
  }
  metadata->end();
  metadata->end();
  metadata->end();
  return sizes;
}

}  // namespace stogger
