// Encodes arbitrary rows as a Parquet file, and reads it with a reader of its
// own, which is as strict as it can be: the structure has to be sound to the
// last byte, each value has to be that of the row, and no value may lie outside
// of the range that the statistics tell.
#include <fuzzer/FuzzedDataProvider.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "sinks/parquet/encoder.h"
#include "sinks/parquet/footer_reader.h"

namespace stogger {
namespace {

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "parquet: %s\n", what);
  std::abort();
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::string_view take(std::size_t size) {
    check(size <= bytes_.size(), "the bytes end too early");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(size).data(), size);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = number(1);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    check(false, "a varint is too long");
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
  }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

// ---- Thrift

struct Node {
  std::int64_t number = 0;
  std::string text;
  std::vector<Node> items;
  std::map<int, Node> fields;

  bool has(int field) const { return fields.contains(field); }
  const Node& operator[](int field) const {
    const auto found = fields.find(field);
    check(found != fields.end(), "a field is missing");
    return found->second;
  }
};

Node read_node(Bytes& bytes, unsigned type);

Node read_structure(Bytes& bytes) {
  Node node;
  int last = 0;
  while (const auto header = static_cast<unsigned>(bytes.number(1))) {
    const int field = header >> 4 != 0 ? last + static_cast<int>(header >> 4)
                                       : static_cast<int>(bytes.zigzag());
    check(field > last, "fields are in order");
    last = field;
    node.fields[field] = read_node(bytes, header & 0xF);
  }
  return node;
}

Node read_node(Bytes& bytes, unsigned type) {
  Node node;
  switch (type) {
    case 1:
      node.number = 1;
      return node;
    case 2:
      return node;
    case 3:
      node.number = static_cast<std::int64_t>(bytes.number(1));
      return node;
    case 5:
    case 6:
      node.number = bytes.zigzag();
      return node;
    case 8:
      node.text = bytes.take(bytes.varint());
      return node;
    case 9: {
      const auto header = static_cast<unsigned>(bytes.number(1));
      const std::uint64_t size =
          header >> 4 == 15 ? bytes.varint() : header >> 4;
      for (std::uint64_t i = 0; i < size; ++i) {
        node.items.push_back(read_node(bytes, header & 0xF));
      }
      return node;
    }
    case 12:
      return read_structure(bytes);
    default:
      check(false, "an unknown type");
      return node;
  }
}

// ---- Values: numbers as their bits, texts as they are, nothing for null

using Cell = std::optional<std::string>;

std::string plain(std::uint64_t number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t take(unsigned width) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < width; ++i, ++at_) {
      const auto byte = static_cast<unsigned char>(bytes_.at(at_ / 8));
      value |= std::uint64_t{byte >> (at_ % 8) & 1u} << i;
    }
    return value;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

std::vector<std::uint64_t> read_runs(Bytes& bytes, std::size_t count,
                                     unsigned width) {
  std::vector<std::uint64_t> values;
  while (values.size() < count) {
    const std::uint64_t header = bytes.varint();
    const std::uint64_t size = header >> 1;
    check(size > 0, "a run is empty");
    if ((header & 1) == 0) {
      check(values.size() + size <= count, "a run is too long");
      values.insert(values.end(), size, bytes.number((width + 7) / 8));
      continue;
    }
    BitReader bits(bytes.take(size * width));
    for (std::uint64_t i = 0; i < size * 8; ++i) {
      const std::uint64_t value = bits.take(width);
      if (values.size() < count) {
        values.push_back(value);
      } else {
        check(value == 0, "padding is zero");
      }
    }
  }
  return values;
}

std::vector<std::string> read_deltas(Bytes& bytes, std::size_t count) {
  check(bytes.varint() == 128, "a block has 128 values");
  check(bytes.varint() == 4, "a block has 4 parts");
  check(bytes.varint() == count, "deltas tell how many values there are");
  auto value = static_cast<std::uint64_t>(bytes.zigzag());
  std::vector<std::string> values;
  if (count > 0) values.push_back(plain(value));
  while (values.size() < count) {
    const auto least = static_cast<std::uint64_t>(bytes.zigzag());
    const std::string_view widths = bytes.take(4);
    for (const char width : widths) {
      if (values.size() == count) {
        check(width == 0, "a part that is not there has no width");
        continue;
      }
      const auto bits_each = static_cast<unsigned>(width);
      BitReader bits(bytes.take(std::size_t{bits_each} * 32 / 8));
      for (int i = 0; i < 32; ++i) {
        const std::uint64_t delta = bits.take(bits_each);
        if (values.size() == count) continue;
        value += delta + least;
        values.push_back(plain(value));
      }
    }
  }
  return values;
}

std::vector<std::string> read_plain(Bytes& bytes, std::int64_t type,
                                    std::size_t count) {
  std::vector<std::string> values;
  if (type == 0) {
    BitReader bits(bytes.take((count + 7) / 8));
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(plain(bits.take(1)));
    }
    return values;
  }
  for (std::size_t i = 0; i < count; ++i) {
    values.emplace_back(bytes.take(type == 6 ? bytes.number(4) : 8));
  }
  return values;
}

std::vector<std::string> read_split(Bytes& bytes, std::size_t count) {
  const std::string_view all = bytes.take(count * 8);
  std::vector<std::string> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t byte = 0; byte < 8; ++byte) {
      values[i] += all[byte * count + i];
    }
  }
  return values;
}

// ---- Column chunks

std::size_t gunzip(std::string_view bytes, std::string* plain_bytes) {
  z_stream stream = {};
  check(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK, "zlib begins");
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain_bytes->data());
  stream.avail_out = static_cast<uInt>(plain_bytes->size());
  check(inflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib reads it");
  check(stream.avail_in == 0, "a page is one stream");
  inflateEnd(&stream);
  return stream.total_out;
}

std::string decompress(std::string_view bytes, std::int64_t codec,
                       std::size_t size) {
  std::string plain_bytes(size, '\0');
  std::size_t found = size;
  if (codec == 6) {
    found =
        ZSTD_decompress(plain_bytes.data(), size, bytes.data(), bytes.size());
  } else if (codec == 1) {
    check(snappy_uncompress(bytes.data(), bytes.size(), plain_bytes.data(),
                            &found) == SNAPPY_OK,
          "snappy reads it");
  } else if (codec == 2) {
    found = gunzip(bytes, &plain_bytes);
  } else {
    check(codec == 0, "the codec is known");
    plain_bytes = bytes;
    found = bytes.size();
  }
  check(found == size, "a page has the size that it tells");
  return plain_bytes;
}

class ChunkReader {
 public:
  ChunkReader(const Node& chunk, std::string_view file)
      : chunk_(chunk),
        file_(file),
        codec_(chunk[4].number),
        type_(chunk[1].number) {}

  std::vector<Cell> read(std::size_t* end) {
    const bool has_dictionary = chunk_.has(11);
    const auto data = static_cast<std::size_t>(chunk_[9].number);
    std::size_t at =
        has_dictionary ? static_cast<std::size_t>(chunk_[11].number) : data;
    const std::size_t stop = at + static_cast<std::size_t>(chunk_[7].number);
    std::uint64_t uncompressed = 0;
    if (has_dictionary) at = read_page(at, &uncompressed);
    check(at == data, "the data begin behind the dictionary");
    while (at < stop) at = read_page(at, &uncompressed);
    check(at == stop, "the chunk has the size that it tells");
    check(uncompressed == static_cast<std::uint64_t>(chunk_[6].number),
          "and the size before compression");
    check(cells_.size() == static_cast<std::size_t>(chunk_[5].number),
          "and the number of values");
    *end = stop;
    return cells_;
  }

 private:
  std::size_t read_page(std::size_t at, std::uint64_t* uncompressed) {
    Bytes bytes(file_.substr(at));
    const std::size_t before = bytes.left();
    const Node header = read_structure(bytes);
    const auto size = static_cast<std::size_t>(header[2].number);
    *uncompressed += before - bytes.left() + size;
    const std::string body = decompress(
        bytes.take(static_cast<std::size_t>(header[3].number)), codec_, size);
    Bytes page(body);
    if (header[1].number == 2) {
      const auto count = static_cast<std::size_t>(header[7][1].number);
      dictionary_ = read_plain(page, type_, count);
    } else {
      check(header[1].number == 0, "a page is of a known type");
      read_data(page, header[5]);
    }
    check(page.left() == 0, "a page ends where its values do");
    return at + before - bytes.left();
  }

  void read_data(Bytes& page, const Node& header) {
    const auto rows = static_cast<std::size_t>(header[1].number);
    check(rows > 0, "a page has rows");
    const auto level_size = page.number(4);
    Bytes level_bytes(page.take(level_size));
    const auto levels = read_runs(level_bytes, rows, 1);
    check(level_bytes.left() == 0, "levels have the size that they tell");
    std::size_t count = 0;
    for (const std::uint64_t level : levels) count += level;
    const auto values = read_values(page, header[2].number, count);
    std::size_t next = 0;
    for (const std::uint64_t level : levels) {
      cells_.push_back(level == 1 ? Cell(values[next++]) : Cell());
    }
  }

  std::vector<std::string> read_values(Bytes& page, std::int64_t encoding,
                                       std::size_t count) {
    switch (encoding) {
      case 0:
        return read_plain(page, type_, count);
      case 5:
        return read_deltas(page, count);
      case 9:
        return read_split(page, count);
      default:
        break;
    }
    check(encoding == 8, "the encoding is known");
    const auto width = static_cast<unsigned>(page.number(1));
    std::vector<std::string> values;
    for (const std::uint64_t index : read_runs(page, count, width)) {
      check(index < dictionary_.size(), "an index is in the dictionary");
      values.push_back(dictionary_[index]);
    }
    return values;
  }

  const Node& chunk_;
  const std::string_view file_;
  const std::int64_t codec_;
  const std::int64_t type_;
  std::vector<std::string> dictionary_;
  std::vector<Cell> cells_;
};

template <class Number>
Number number_in(std::string_view bytes) {
  Number number{};
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

bool is_below(const std::string& a, const std::string& b, Kind kind) {
  switch (kind) {
    case Kind::real:
      return number_in<double>(a) < number_in<double>(b);
    case Kind::unsigned_integer:
      return number_in<std::uint64_t>(a) < number_in<std::uint64_t>(b);
    case Kind::integer:
    case Kind::time:
      return number_in<std::int64_t>(a) < number_in<std::int64_t>(b);
    case Kind::boolean:
      return a[0] < b[0];
    default:
      return a < b;
  }
}

void check_statistics(const Node& statistics, const std::vector<Cell>& cells,
                      Kind kind) {
  std::size_t nulls = 0;
  for (const Cell& cell : cells) {
    if (!cell) {
      ++nulls;
      continue;
    }
    const bool is_nan =
        kind == Kind::real && std::isnan(number_in<double>(*cell));
    check(!is_nan || !statistics.has(6), "with NaN there is no range");
    if (statistics.has(6)) {
      check(!is_below(*cell, statistics[6].text, kind), "nothing is below");
    }
    if (statistics.has(5)) {
      check(!is_below(statistics[5].text, *cell, kind), "nothing is above");
    }
  }
  check(nulls == static_cast<std::size_t>(statistics[3].number),
        "nulls are counted");
  check(statistics.has(6) || !statistics.has(5), "a range has two ends");
}

// ---- Rows

using Table = std::vector<std::vector<Cell>>;  // by column

Table read_table(std::string_view file,
                 const std::vector<SchemaColumn>& columns) {
  check(file.starts_with(kParquetMagic) && file.ends_with(kParquetMagic),
        "it is a Parquet file");
  const auto size = number_in<std::uint32_t>(file.substr(file.size() - 8));
  check(size + 12 <= file.size(), "the footer is in the file");
  const std::size_t footer_at = file.size() - 8 - size;
  Bytes bytes(file.substr(footer_at, size));
  const Node footer = read_structure(bytes);
  check(bytes.left() == 0, "the footer has the size that it tells");
  check(footer[2].items.size() == columns.size() + 1, "all columns are there");
  check(footer[7].items.size() == columns.size(), "all orders are there");
  Table table(columns.size());
  std::size_t at = kParquetMagic.size();
  for (const Node& group : footer[4].items) {
    check(group[1].items.size() == columns.size(), "all chunks are there");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Node& chunk = group[1].items[i][3];
      check(chunk[3].items[0].text == columns[i].name, "a chunk has its name");
      const auto start = static_cast<std::size_t>(
          chunk.has(11) ? chunk[11].number : chunk[9].number);
      check(start == at, "chunks lie one behind the other");
      const auto cells = ChunkReader(chunk, file).read(&at);
      check(cells.size() == static_cast<std::size_t>(group[3].number),
            "a chunk has the rows of its group");
      check_statistics(chunk[12], cells, columns[i].kind);
      table[i].insert(table[i].end(), cells.begin(), cells.end());
    }
  }
  check(at == footer_at, "the footer follows the last chunk");
  for (const auto& cells : table) {
    check(cells.size() == static_cast<std::size_t>(footer[3].number),
          "the footer tells how many rows there are");
  }
  return table;
}

std::string mended(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    result += step.valid ? text.substr(0, step.size) : kReplacement;
    text.remove_prefix(step.size);
  }
  return result;
}

Cell expected(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
    case Kind::custom:
      return std::nullopt;
    case Kind::text:
    case Kind::json:
      return mended(value.text());
    case Kind::real:
      return plain(std::bit_cast<std::uint64_t>(value.real()));
    case Kind::time: {
      std::int64_t micros = value.time().ns / 1000;
      if (value.time().ns % 1000 < 0) --micros;
      return plain(static_cast<std::uint64_t>(micros));
    }
    default:
      return plain(value.unsigned_integer());
  }
}

class RandomRows {
 public:
  explicit RandomRows(FuzzedDataProvider& data) : data_(data) {
    static constexpr Kind kKinds[] = {
        Kind::boolean, Kind::integer, Kind::unsigned_integer,
        Kind::real,    Kind::text,    Kind::time,
        Kind::json};
    const auto count = data.ConsumeIntegralInRange<std::size_t>(1, 6);
    for (std::size_t i = 0; i < count; ++i) {
      columns_.push_back(
          {data.ConsumeRandomLengthString(6), data.PickValueInArray(kKinds)});
      state_.push_back(0);
      styles_.push_back(data.ConsumeIntegralInRange<unsigned>(0, 5));
      nulls_.push_back(data.ConsumeIntegralInRange<unsigned>(0, 9));
    }
  }

  const std::vector<SchemaColumn>& columns() const { return columns_; }

  // Most of the bits come from a generator: a fuzzer's input is short, and
  // columns are long.
  Value value(std::size_t column) {
    seed_ = seed_ * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t random = seed_ >> 20;
    if (random % 10 < nulls_[column]) return {};
    std::uint64_t bits = 0;
    switch (styles_[column]) {
      case 0:
        bits = data_.ConsumeIntegral<std::uint64_t>();
        break;
      case 1:
        bits = ++state_[column];
        break;
      case 2:
        bits = random % 7;
        break;
      case 3:
        bits = state_[column] += random % 1000;
        break;
      case 4:
        bits = random * 0x9E3779B97F4A7C15u;
        break;
      default:
        bits = state_[column] + (random % 100 == 0 ? ++state_[column] : 0);
    }
    return make(columns_[column].kind, bits);
  }

 private:
  Value make(Kind kind, std::uint64_t bits) {
    switch (kind) {
      case Kind::boolean:
        return bits % 2 == 0;
      case Kind::integer:
        return static_cast<std::int64_t>(bits);
      case Kind::unsigned_integer:
        return bits;
      case Kind::real:
        return bits % 3 == 0 ? static_cast<double>(bits) / 8
                             : std::bit_cast<double>(bits);
      case Kind::time:
        return Time{static_cast<std::int64_t>(bits)};
      default:
        break;
    }
    std::string& text = texts_.emplace_back(
        bits % 16 == 0 ? data_.ConsumeRandomLengthString(200)
                       : std::to_string(bits));
    if (bits % 61 == 0) text.resize(text.size() + bits % 500, 'x');
    return kind == Kind::json ? Value(Json{text}) : Value(text);
  }

  FuzzedDataProvider& data_;
  std::vector<SchemaColumn> columns_;
  std::vector<std::uint64_t> state_;
  std::vector<unsigned> styles_;
  std::vector<unsigned> nulls_;
  std::uint64_t seed_ = 1;
  std::deque<std::string> texts_;
};

// Of a footer that is whole, and of one that is damaged or is none.
void check_pairs(FuzzedDataProvider& data, std::string footer) {
  check(find_pair(footer, "key") == "value", "the pair is found");
  check(find_pair(footer, "value").empty(), "no other pair is found");
  for (int i = data.ConsumeIntegralInRange(0, 8); i > 0; --i) {
    footer[data.ConsumeIntegralInRange<std::size_t>(0, footer.size() - 1)] =
        data.ConsumeIntegral<char>();
    const std::string_view found = find_pair(footer, "key");
    check(found.empty() ||
              (found.data() >= footer.data() &&
               found.data() + found.size() <= footer.data() + footer.size()),
          "what is found lies in the footer");
  }
  const std::string rest = data.ConsumeRandomLengthString();
  static_cast<void>(find_pair(rest, "key"));
}

void run(FuzzedDataProvider& data) {
  static constexpr ParquetCompression kCompressions[] = {
      ParquetCompression::none, ParquetCompression::snappy,
      ParquetCompression::gzip, ParquetCompression::zstd};
  RandomRows random(data);
  const auto& columns = random.columns();
  ParquetEncoder encoder({data.PickValueInArray(kCompressions),
                          data.ConsumeIntegralInRange(1, 4)});
  ParquetRows rows(columns);
  ParquetFooter footer;
  Buffer out;
  out.append(kParquetMagic);
  Table wanted(columns.size());
  const auto groups = data.ConsumeIntegralInRange<int>(0, 4);
  for (int group = 0; group < groups; ++group) {
    const auto count = data.ConsumeIntegralInRange<std::size_t>(1, 3000);
    std::vector<Value> values(count * columns.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = random.value(i % columns.size());
    }
    const auto value_of = [&](std::size_t row, std::size_t column) {
      return values[row * columns.size() + column];
    };
    rows.add(count, value_of, [](std::size_t) {});
    // Some rows may have gone to another file.
    const auto dropped =
        data.ConsumeBool()
            ? data.ConsumeIntegralInRange<std::size_t>(0, rows.count() - 1)
            : 0;
    rows.drop(dropped);
    const ParquetFooter::Mark mark = footer.mark();
    const std::size_t size = out.size();
    encoder.encode(columns, rows, 0, &out, &footer);
    if (data.ConsumeBool()) {
      // As after a failure.
      footer.go_back(mark);
      out.truncate(size);
      encoder.encode(columns, rows, 0, &out, &footer);
    }
    rows.clear();
    for (std::size_t row = dropped; row < count; ++row) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        wanted[i].push_back(expected(value_of(row, i)));
      }
    }
  }
  const std::size_t end = out.size();
  footer.append_end(columns, {{"key", "value"}}, &out);
  check(read_table(out.view(), columns) == wanted, "the rows are the same");
  check_pairs(data, std::string(out.view().substr(end)));
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  stogger::run(data);
  return 0;
}
