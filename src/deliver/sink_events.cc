#include "deliver/sink_events.h"

#include <utility>

namespace stogger {

Event make_event(const SinkEvent& said, SinkEventFields& fields) noexcept {
  Event event;
  event.time = said.time;
  event.name =
      said.has_recovered ? "stogger-sink-recovered" : "stogger-sink-failed";
  event.level = said.has_recovered ? Level::info : Level::error;
  fields.at[0] = {"sink", said.sink};
  fields.at[1] = {"type", said.type};
  if (said.has_recovered) {
    fields.at[2] = {"after_s", said.after_s};
    fields.at[3] = {"dropped", said.dropped};
  } else {
    fields.at[2] = {"reason", said.reason};
  }
  event.fields = fields.at;
  event.field_count = said.has_recovered ? 4 : 3;
  event.raw_size = event.name.size();
  for (std::size_t i = 0; i < event.field_count; ++i) {
    const Field& field = event.fields[i];
    event.raw_size += kOtherSize + field.key.size();
    if (field.value.kind() == Kind::text) {
      event.raw_size += field.value.text().size();
    }
  }
  return event;
}

void SinkEvents::enable(bool is_on) noexcept {
  const std::lock_guard lock(mutex_);
  is_on_ = is_on;
  if (is_on) return;
  posted_.clear();
  is_pending_.store(false, std::memory_order_relaxed);
}

bool SinkEvents::post(SinkEvent event, bool by_worker) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (!is_on_) return false;
    posted_.push_back(std::move(event));
    is_pending_.store(true, std::memory_order_relaxed);
  } catch (...) {
    return false;
  }
  if (by_worker) ticker_.request();
  return true;
}

std::vector<SinkEvent> SinkEvents::take() noexcept {
  const std::lock_guard lock(mutex_);
  is_pending_.store(false, std::memory_order_relaxed);
  return std::exchange(posted_, {});
}

void SinkEvents::after_fork_in_child() noexcept {
  posted_.clear();
  is_pending_.store(false, std::memory_order_relaxed);
  mutex_.unlock();
}

}  // namespace stogger
