#include "sinks/postgres/execution.h"

#include <charconv>
#include <cstdint>
#include <cstring>

#include "sinks/postgres/big_endian.h"
#include "sinks/postgres/connection.h"

namespace stogger {
namespace {

using namespace std::string_view_literals;

constexpr std::uint16_t kBinaryResults = 1;

// Of a portal without a name: Describe, Execute for all rows, and Sync.
constexpr std::string_view kRest =
    "D\0\0\0\6P\0"
    "E\0\0\0\x9\0\0\0\0\0"
    "S\0\0\0\4"sv;

// What comes before the tag, and after it.
constexpr std::string_view kBound =
    "2\0\0\0\4"
    "n\0\0\0\4"
    "C"sv;
constexpr std::string_view kInsert = "INSERT 0 ";
constexpr std::string_view kReady = "\0Z\0\0\0\5I"sv;

std::size_t size_of_values(const Parameters& parameters) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < parameters.count; ++i) {
    size += sizeof(std::uint32_t) + sizeof(std::uint16_t);
    if (parameters.values[i] != nullptr) {
      size += static_cast<std::size_t>(parameters.lengths[i]);
    }
  }
  return size;
}

void append_count(Buffer& out, std::size_t count) {
  append_big_endian(out, static_cast<std::uint16_t>(count));
}

void append_value(Buffer& out, const char* value, int length) {
  if (value == nullptr) return append_big_endian(out, kNull);
  append_big_endian(out, static_cast<std::uint32_t>(length));
  out.append({value, static_cast<std::size_t>(length)});
}

}  // namespace

bool append_execution(Buffer& out, std::string_view name,
                      const Parameters& parameters, std::size_t most) {
  constexpr std::size_t kFrame = 64;
  if (parameters.count > UINT16_MAX ||
      kFrame + name.size() + size_of_values(parameters) > most) {
    return false;
  }
  out.push_back('B');
  const std::size_t start = out.size();
  append_big_endian(out, std::uint32_t{0});
  out.push_back('\0');  // the portal
  out.append(name);
  out.push_back('\0');
  append_count(out, parameters.count);
  for (std::size_t i = 0; i < parameters.count; ++i) {
    append_count(out, static_cast<std::size_t>(parameters.formats[i]));
  }
  append_count(out, parameters.count);
  for (std::size_t i = 0; i < parameters.count; ++i) {
    append_value(out, parameters.values[i], parameters.lengths[i]);
  }
  append_count(out, 1);
  append_count(out, kBinaryResults);
  write_big_endian(out.data() + start,
                   static_cast<std::uint32_t>(out.size() - start));
  out.append(kRest);
  return true;
}

bool is_stored(std::string_view reply, long long* rows) noexcept {
  constexpr std::size_t kBefore = kBound.size() + sizeof(std::uint32_t);
  if (reply.size() < kBefore + kInsert.size() + kReady.size()) return false;
  if (!reply.starts_with(kBound) || !reply.ends_with(kReady)) return false;
  char length[sizeof(std::uint32_t)];
  const std::size_t tag_end = reply.size() - kReady.size();
  write_big_endian(length, static_cast<std::uint32_t>(
                               tag_end + 1 - kBound.size()));  // and its zero
  if (std::memcmp(reply.data() + kBound.size(), length,
                  sizeof(std::uint32_t)) != 0) {
    return false;
  }
  std::string_view tag = reply.substr(kBefore, tag_end - kBefore);
  if (!tag.starts_with(kInsert)) return false;
  tag.remove_prefix(kInsert.size());
  long long count = 0;
  const auto [end, error] =
      std::from_chars(tag.data(), tag.data() + tag.size(), count);
  if (error != std::errc() || end != tag.data() + tag.size() || count < 0) {
    return false;
  }
  *rows = count;
  return true;
}

}  // namespace stogger
