#include "sinks/parquet/encoder.h"

namespace stogger {
namespace {

constexpr std::string_view kCreatedBy = "stogger version " STOGGER_VERSION;

// The logical type, and the older form of it for readers that know no other.
void append_logical_type(ThriftWriter& out, Kind kind) {
  constexpr int kConverted = 6;
  constexpr int kLogical = 10;
  switch (kind) {
    case Kind::boolean:
    case Kind::integer:
    case Kind::real:
      return;
    case Kind::unsigned_integer:
      out.integer32(kConverted, 14);  // UINT_64
      out.begin(kLogical);
      out.begin(10);  // INTEGER
      out.integer8(1, 64);
      out.boolean(2, false);
      out.end();
      out.end();
      return;
    case Kind::time:
      out.integer32(kConverted, 10);  // TIMESTAMP_MICROS
      out.begin(kLogical);
      out.begin(8);  // TIMESTAMP
      out.boolean(1, true);
      out.begin(2);
      out.empty(2);  // MICROS
      out.end();
      out.end();
      out.end();
      return;
    case Kind::json:
      out.integer32(kConverted, 19);
      out.begin(kLogical);
      out.empty(12);
      out.end();
      return;
    default:
      out.integer32(kConverted, 0);  // UTF8
      out.begin(kLogical);
      out.empty(1);  // STRING
      out.end();
  }
}

void append_schema(ThriftWriter& out,
                   const std::vector<SchemaColumn>& columns) {
  out.list(2, ThriftWriter::Type::structure, columns.size() + 1);
  out.begin();
  out.text(4, "schema");
  out.integer32(5, static_cast<std::int32_t>(columns.size()));
  out.end();
  for (const SchemaColumn& column : columns) {
    constexpr std::int32_t kOptional = 1;
    out.begin();
    out.integer32(1, static_cast<std::int32_t>(parquet_type(column.kind)));
    out.integer32(3, kOptional);
    out.text(4, column.name);
    append_logical_type(out, column.kind);
    out.end();
  }
}

// That statistics are in the order of the columns' types.
void append_column_orders(ThriftWriter& out, std::size_t count) {
  out.list(7, ThriftWriter::Type::structure, count);
  for (std::size_t i = 0; i < count; ++i) {
    out.begin();
    out.empty(1);
    out.end();
  }
}

}  // namespace

void ParquetFooter::clear() noexcept { go_back({}); }

void ParquetFooter::go_back(const Mark& mark) noexcept {
  metadata_.truncate(mark.bytes);
  groups_ = mark.groups;
  rows_ = mark.rows;
}

void ParquetFooter::append_end(
    const std::vector<SchemaColumn>& columns,
    const std::vector<std::pair<std::string, std::string>>& pairs,
    Buffer* out) const {
  const std::size_t start = out->size();
  ThriftWriter footer(out);
  footer.integer32(1, 1);
  append_schema(footer, columns);
  footer.integer64(3, rows_);
  footer.list(4, ThriftWriter::Type::structure, groups_);
  out->append(metadata_.view());
  if (!pairs.empty()) {
    footer.list(5, ThriftWriter::Type::structure, pairs.size());
    for (const auto& [name, value] : pairs) {
      footer.begin();
      footer.text(1, name);
      footer.text(2, value);
      footer.end();
    }
  }
  footer.text(6, kCreatedBy);
  append_column_orders(footer, columns.size());
  footer.end();
  auto size = static_cast<std::uint32_t>(out->size() - start);
  for (int i = 0; i < 4; ++i, size >>= 8) {
    out->push_back(static_cast<char>(size));
  }
  out->append(kParquetMagic);
}

ParquetRows::ParquetRows(const std::vector<SchemaColumn>& columns) {
  buffers_.reserve(columns.size());
  for (const SchemaColumn& column : columns) {
    buffers_.emplace_back(column.kind);
  }
}

std::size_t ParquetRows::memory() const noexcept {
  std::size_t bytes = 0;
  for (const ColumnBuffer& buffer : buffers_) bytes += buffer.memory();
  return bytes;
}

void ParquetRows::drop(std::size_t count) noexcept {
  for (ColumnBuffer& buffer : buffers_) buffer.drop(count);
  count_ -= count;
}

void ParquetRows::clear() noexcept {
  for (ColumnBuffer& buffer : buffers_) buffer.clear();
  count_ = 0;
}

void ParquetEncoder::encode(const std::vector<SchemaColumn>& columns,
                            const ParquetRows& rows, std::uint64_t base,
                            Buffer* out, ParquetFooter* footer) {
  const std::uint64_t start = base + out->size();
  ThriftWriter metadata(&footer->metadata_);
  metadata.list(1, ThriftWriter::Type::structure, columns.size());
  ChunkSizes sizes;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ChunkSizes chunk = chunks_.encode(rows.buffers()[i], columns[i].name,
                                            base, out, &metadata);
    sizes.uncompressed += chunk.uncompressed;
    sizes.compressed += chunk.compressed;
  }
  metadata.integer64(2, sizes.uncompressed);
  metadata.integer64(3, std::uint64_t{rows.count()});
  metadata.integer64(5, start);
  metadata.integer64(6, sizes.compressed);
  metadata.end();
  ++footer->groups_;
  footer->rows_ += rows.count();
}

}  // namespace stogger
