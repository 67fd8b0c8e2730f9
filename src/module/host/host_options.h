// HostOptions: the options of a sink, as its module sees them.
#pragma once

#include <string_view>

#include "stogger/module.h"
#include "stogger/sink.h"

namespace stogger {

class HostOptions {
 public:
  // `type` and the options have to outlive this object.
  HostOptions(std::string_view type, Options& options) noexcept;
  HostOptions(const HostOptions&) = delete;
  HostOptions& operator=(const HostOptions&) = delete;

  const stogger_options* table() const noexcept { return &table_; }

  // True if a call of the module ran out of memory; it then got the
  // default.
  bool failed() const noexcept { return failed_; }

 private:
  struct Methods;

  Options* options_;
  bool failed_ = false;
  stogger_options table_;
};

}  // namespace stogger
