// Status: whether something worked and, if not, what failed, where, and what
// to do about it.
//
// A Status is one pointer; null means ok. Copying one that is not ok allocates.
// It may be read from any thread, but not while another one assigns to it.
// Compilers warn where one is not checked.
#pragma once

#include <string_view>

#include "stogger/export.h"

namespace stogger {

enum class Code : unsigned char {
  ok = 0,
  invalid,      // wrong arguments or options; will never work as it is
  config,       // the configuration file has problems
  unavailable,  // the target cannot be reached or refuses now; worth retrying
  rejected,     // the fault lies in the rows, not in the target
  corrupt,      // the target's data are damaged
  internal,     // a defect in the library or in a sink: please report it
  missing,      // to be installed or created first: a module, a table
};

class [[nodiscard]] STOGGER_API Status {
 public:
  Status() noexcept = default;
  // Keeps a copy of the message.
  Status(Code code, std::string_view message) noexcept;
  ~Status() {
    if (rep_ != nullptr) destroy(rep_);
  }

  Status(const Status& other) noexcept;
  Status(Status&& other) noexcept : rep_(other.rep_) { other.rep_ = nullptr; }
  Status& operator=(const Status& other) noexcept;
  Status& operator=(Status&& other) noexcept {
    Rep* rep = rep_;
    rep_ = other.rep_;
    other.rep_ = rep;
    return *this;
  }

  bool ok() const noexcept { return rep_ == nullptr; }
  Code code() const noexcept;
  // Text for a person, without a line end; empty when ok. Lives as long as
  // this object is neither changed nor destroyed.
  std::string_view message() const noexcept;
  // The same, with a NUL at its end.
  const char* c_str() const noexcept;

 private:
  struct Rep;
  static void destroy(Rep* rep) noexcept;
  Rep* rep_ = nullptr;
};

// A Status that need not be checked: a failure has been reported already (see
// set_diagnostics()), but for calls from inside a sink, which do nothing.
class STOGGER_API ReportedStatus : public Status {
 public:
  using Status::Status;
  ReportedStatus(Status status) noexcept  // NOLINT: is one
      : Status(static_cast<Status&&>(status)) {}
};

}  // namespace stogger
