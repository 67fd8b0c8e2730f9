// An event as bytes, for a queue that another thread reads, or the next process
// after this one has died: see field_record.h. Its texts are name, logger,
// function, file, func, scope, template, and then the key of each field and its
// text, if it has one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "event/event.h"
#include "event/field_record.h"

namespace stogger {

// For one that was not rendered yet: its message is left out, as the template
// and the fields say what it is. Custom values have been written out.
std::size_t record_size(const Event& event) noexcept;
// `out` has room for that many bytes, and is aligned to 8.
void write_record(const Event& event, std::size_t size,
                  std::byte* out) noexcept;

// An event that was read back. Its texts are views into the record.
class EventRecord {
 public:
  // False if it is no whole record of an event, whatever the bytes. May throw
  // std::bad_alloc.
  bool read(std::span<const std::byte> record);
  const Event& event() const noexcept { return event_; }
  // To be completed, until the next one is read.
  Event* completable() noexcept { return &event_; }

 private:
  const Event blank_ = {};  // as EventScratch has one
  Event event_;
  std::vector<Field> fields_;
};

}  // namespace stogger
