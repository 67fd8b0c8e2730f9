// An event as bytes, for a queue that another thread reads, or the next process
// after this one has died.
//
// All numbers are little-endian. A record is
//   a head of 64 bytes (EventRecordHead),
//   16 bytes for each field (FieldRecordHead),
//   the texts: name, logger, function, file, func, scope, template, and then
//   the key of each field and its text, if it has one,
//   and up to 7 bytes that do not count.
// There is no checksum: what a killed process has committed is whole, and where
// a disk may have lost a part, whoever stores records there adds one. A record
// that is damaged all the same reads as another event, or is refused; nothing
// is read outside of it. JSON is as clean as it was when it was written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "event/event.h"

namespace stogger {

// For one that was not rendered yet: its message is left out, as the template
// and the fields say what it is. Custom values have been written out.
std::size_t event_record_size(const Event& event) noexcept;
// `out` has room for that many bytes, and is aligned to 8.
void write_event_record(const Event& event, std::size_t size,
                        std::byte* out) noexcept;

// The time of an event, of a record that is whole.
Time event_record_time(std::span<const std::byte> record) noexcept;

// An event that was read back. Its texts are views into the record.
class EventRecord {
 public:
  // False if it is no whole record, whatever the bytes. May throw
  // std::bad_alloc.
  bool read(std::span<const std::byte> record);
  const Event& event() const noexcept { return event_; }

 private:
  Event event_;
  std::vector<Field> fields_;
};

}  // namespace stogger
