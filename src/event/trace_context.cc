// https://www.w3.org/TR/trace-context/#traceparent-header:
//
//   version "-" trace-id "-" parent-id "-" flags
//
// in lower-case hexadecimal digits, 2, 32, 16 and 2 of them. Version 00 ends
// there; a later one may go on with another "-".
#include <cstring>

#include "stogger/context.h"

namespace stogger {
namespace {

constexpr std::size_t kLength = 55;

bool is_hex(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_id(std::string_view text) noexcept {
  return is_hex(text) && text.find_first_not_of('0') != text.npos;
}

bool ends_well(std::string_view header) noexcept {
  if (header.size() == kLength) return true;
  return !header.starts_with("00") && header[kLength] == '-';
}

}  // namespace

TraceContext& TraceContext::operator=(const TraceContext& other) noexcept {
  if (this == &other) return *this;
  is_known_ = other.is_known_;
  std::memcpy(text_, other.text_, sizeof text_);
  return *this;
}

std::string_view TraceContext::trace_id() const noexcept {
  return is_known_ ? fields_[0].value.text() : std::string_view();
}

std::string_view TraceContext::span_id() const noexcept {
  return is_known_ ? fields_[1].value.text() : std::string_view();
}

TraceContext trace_context(std::string_view traceparent) noexcept {
  TraceContext found;
  if (traceparent.size() < kLength || traceparent[2] != '-' ||
      traceparent[35] != '-' || traceparent[52] != '-') {
    return found;
  }
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace_id =
      traceparent.substr(3, TraceContext::kTraceId);
  const std::string_view span_id =
      traceparent.substr(36, TraceContext::kSpanId);
  if (!is_hex(version) || version == "ff" || !is_id(trace_id) ||
      !is_id(span_id) || !is_hex(traceparent.substr(53, 2)) ||
      !ends_well(traceparent)) {
    return found;
  }
  found.is_known_ = true;
  trace_id.copy(found.text_, trace_id.size());
  span_id.copy(found.text_ + trace_id.size(), span_id.size());
  return found;
}

}  // namespace stogger
