#include "sample/sample_record.h"

#include <cstring>
#include <type_traits>

namespace stogger {
namespace {

struct SampleRecordHead {
  RecordStart start;  // the time is requested_at; details: 0
  std::int64_t received_ns;
  std::uint32_t fields;
  // The sizes of texts.
  std::uint32_t device;
  std::uint32_t unit_id;
  std::uint32_t status;
};
static_assert(sizeof(SampleRecordHead) == 40);
static_assert(std::has_unique_object_representations_v<SampleRecordHead>);

}  // namespace

std::size_t record_size(const Sample& sample) noexcept {
  std::size_t size = sizeof(SampleRecordHead) + sample.device.size() +
                     sample.unit_id.size() + sample.status.size();
  for (const Field& field : sample.fields) size += field_record_size(field);
  return size;
}

void write_record(const Sample& sample, std::size_t size,
                  std::byte* out) noexcept {
  auto* const head = reinterpret_cast<SampleRecordHead*>(out);
  auto* field_head =
      reinterpret_cast<FieldRecordHead*>(out + sizeof(SampleRecordHead));
  const std::size_t count = sample.fields.size();
  RecordTexts texts(out + sizeof(SampleRecordHead) +
                    count * sizeof(FieldRecordHead));
  head->start = {RecordKind::sample,
                 {0, 0, 0},
                 static_cast<std::uint32_t>(size),
                 sample.requested_at.ns};
  head->received_ns = sample.received_at.ns;
  head->fields = static_cast<std::uint32_t>(count);
  head->device = texts.add(sample.device);
  head->unit_id = texts.add(sample.unit_id);
  head->status = texts.add(sample.status);
  for (const Field& field : sample.fields) {
    write_field_record(field, field_head++, texts);
  }
}

bool SampleRecord::read(std::span<const std::byte> record) {
  SampleRecordHead head;
  if (record.size() < sizeof head) return false;
  std::memcpy(&head, record.data(), sizeof head);
  const RecordStart& start = head.start;
  if (start.kind != RecordKind::sample || start.size > record.size() ||
      start.size < sizeof head) {
    return false;
  }
  const std::span<const std::byte> rest =
      record.first(start.size).subspan(sizeof head);
  if (head.fields > rest.size() / sizeof(FieldRecordHead)) return false;
  RecordTextReader texts(rest.subspan(head.fields * sizeof(FieldRecordHead)));
  sample_ = {};
  sample_.requested_at = Time{start.time_ns};
  sample_.received_at = Time{head.received_ns};
  sample_.device = texts.take(head.device);
  sample_.unit_id = texts.take(head.unit_id);
  sample_.status = texts.take(head.status);
  if (!read_field_records(rest.data(), head.fields, &texts, &fields_)) {
    return false;
  }
  sample_.fields = fields_;
  return texts.is_used_up();
}

}  // namespace stogger
