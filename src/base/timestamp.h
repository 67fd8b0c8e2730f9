// Times as text: RFC 3339, in UTC but for write_local_timestamp().
#pragma once

#include <cstddef>
#include <string_view>

#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// "2026-11-21T01:39:28.656642Z". All of this form sort as their times do.
inline constexpr std::size_t kTimestampSize = 27;

// Writes kTimestampSize characters and returns the end. Digits below a
// microsecond are cut off.
char* write_timestamp(char* out, Time time) noexcept;

// "2026-11-21T01:39:28Z": 20 characters.
char* write_timestamp_seconds(char* out, Time time) noexcept;

// "2026-11-21T01:39:28.656Z": 24 characters.
char* write_timestamp_millis(char* out, Time time) noexcept;

// The same in the time zone of the process, with its offset from UTC:
// "2026-11-21T03:39:28.656+02:00": 29 characters. An offset that is no number
// of whole minutes, as some were long ago, is cut to one.
char* write_local_timestamp(char* out, Time time) noexcept;

// How far the time zone of the process is ahead of UTC then, in whole minutes.
int local_offset_minutes(Time time) noexcept;

// Around fork(), on one thread: keep all others out of the time zone of the
// process, where a lock is taken.
void hold_local_time() noexcept;
void release_local_time() noexcept;

// Six digits of fraction, or nine if there is something below a microsecond:
// at most 30 characters.
char* write_time(char* out, Time time) noexcept;
void append_time(Buffer& out, Time time);

// "2026-11-21": 10 characters; the day in UTC.
char* write_date(char* out, Time time) noexcept;

// Days since 1970-01-01 in UTC.
std::int64_t day_of(Time time) noexcept;

}  // namespace stogger
