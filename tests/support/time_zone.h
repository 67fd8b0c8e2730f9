// TimeZone: the time zone of the process while it lives.
#pragma once

#include <stdlib.h>
#include <time.h>

#include <string>

namespace stogger {

class TimeZone {
 public:
  explicit TimeZone(const char* zone) {
    if (const char* const before = ::getenv("TZ")) {
      before_ = before;
      was_set_ = true;
    }
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~TimeZone() {
    was_set_ ? ::setenv("TZ", before_.c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  std::string before_;
  bool was_set_ = false;
};

}  // namespace stogger
