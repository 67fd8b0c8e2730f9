// Sinks for samples: made like any other, for samples, watched over,
// and opened.
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/guarded.h"
#include "base/options.h"
#include "module/registry.h"
#include "os/program_name.h"
#include "sample/sample_sink.h"
#include "sample/typed_options.h"
#include "sinks/memory.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"

namespace stogger {
namespace {

// Of a sink that was made with these options.
std::string table_of(const Options& options) {
  for (const UsedOption& option : OptionsAccess::used(options)) {
    const Value value = option.value.view();
    if (option.key == "table" && value.kind() == Kind::text) {
      return std::string(value.text());
    }
  }
  return {};
}

Status make_open(std::string_view name, Fields options, SinkPtr* sink) {
  SinkType type;
  if (Status status = find_sink_type(name, &type); !status.ok()) return status;
  if (!type.missing.ok()) return type.missing;
  Options read(name, options);
  OptionsAccess::set_identifier(read, program_name());
  OptionsAccess::set_for_samples(read);
  SinkPtr bare;
  if (Status status = make_sink(type, read, &bare); !status.ok()) return status;
  SinkPtr made(
      new SampleSink(std::move(bare), std::string(name), table_of(read)));
  if (Status status = made->open(); !status.ok()) {
    return Status(status.code(), std::string(name) + " sink " +
                                     std::string(made->target()) + ": " +
                                     std::string(status.message()));
  }
  *sink = std::move(made);
  return {};
}

Status make_typed(std::string_view name, const TypedOptions& options,
                  SinkPtr* sink) {
  Buffer table;
  const std::vector<Field> given = given_of(options, &table);
  return make_open(name, given, sink);
}

// What it is that keeps the rows; null if it is something else.
const MemorySink* memory_in(const Sink& sink) {
  const auto* const live = dynamic_cast<const SampleSink*>(&sink);
  return dynamic_cast<const MemorySink*>(live == nullptr ? &sink
                                                         : live->inner());
}

}  // namespace

Status make_sample_sink(std::string_view type, Fields options,
                        SinkPtr* sink) noexcept {
  return guarded([&] { return make_open(type, options, sink); });
}

std::uint64_t dropped_rows(const Sink& memory) noexcept {
  const MemorySink* const kept = memory_in(memory);
  return kept == nullptr ? 0 : kept->dropped();
}

Status visit_rows(const Sink& memory, RowVisitor visit,
                  void* argument) noexcept {
  return guarded([&] {
    const MemorySink* const kept = memory_in(memory);
    if (kept == nullptr) {
      return Status(Code::invalid,
                    "visit_rows: the sink is not of type memory");
    }
    for (const OwnedRow& row : kept->rows()) {
      std::vector<Field> fields;
      for (const OwnedField& field : row) {
        fields.emplace_back(field.name(), field.value());
      }
      visit(fields, argument);
    }
    return Status();
  });
}

Status make_sample_sink(const MemoryConfig& config, SinkPtr* sink) noexcept {
  return guarded(
      [&] { return make_typed("memory", options_of(config), sink); });
}

Status make_sample_sink(const CsvConfig& config, SinkPtr* sink) noexcept {
  return guarded([&] { return make_typed("csv", options_of(config), sink); });
}

Status make_sample_sink(const JsonlConfig& config, SinkPtr* sink) noexcept {
  return guarded([&] { return make_typed("jsonl", options_of(config), sink); });
}

Status make_sample_sink(const SqliteConfig& config, SinkPtr* sink) noexcept {
  return guarded(
      [&] { return make_typed("sqlite", options_of(config), sink); });
}

Status make_sample_sink(const ParquetConfig& config, SinkPtr* sink) noexcept {
  return guarded(
      [&] { return make_typed("parquet", options_of(config), sink); });
}

Status make_sample_sink(const PostgresConfig& config, SinkPtr* sink) noexcept {
  return guarded(
      [&] { return make_typed("postgres", options_of(config), sink); });
}

}  // namespace stogger
