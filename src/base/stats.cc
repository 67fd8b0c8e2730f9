#include "stogger/stats.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/stats_builder.h"

namespace stogger {
namespace {

std::string_view copy(std::string_view text) noexcept {
  auto* room = static_cast<char*>(std::malloc(text.size() + 1));
  if (room == nullptr) return {};
  if (!text.empty()) std::memcpy(room, text.data(), text.size());
  return {room, text.size()};
}

void free_copy(std::string_view text) noexcept {
  std::free(const_cast<char*>(text.data()));
}

}  // namespace

Stats& Stats::operator=(Stats&& other) noexcept {
  std::swap(sinks_, other.sinks_);
  std::swap(size_, other.size_);
  std::swap(suppressed_, other.suppressed_);
  return *this;
}

Stats::~Stats() {
  for (const SinkStats& sink : *this) {
    free_copy(sink.name);
    free_copy(sink.type);
  }
  delete[] sinks_;
}

const SinkStats* Stats::find(std::string_view name) const noexcept {
  for (const SinkStats& sink : *this) {
    if (sink.name == name) return &sink;
  }
  return nullptr;
}

StatsBuilder::StatsBuilder(std::size_t sinks) noexcept {
  stats_.sinks_ = new (std::nothrow) SinkStats[sinks];
  if (stats_.sinks_ != nullptr) room_ = sinks;
}

void StatsBuilder::add(const SinkStats& sink) noexcept {
  if (stats_.size_ == room_) return;
  SinkStats& kept = stats_.sinks_[stats_.size_++];
  kept = sink;
  kept.name = copy(sink.name);
  kept.type = copy(sink.type);
}

Stats StatsBuilder::finish(std::uint64_t suppressed) noexcept {
  stats_.suppressed_ = suppressed;
  return std::move(stats_);
}

}  // namespace stogger
