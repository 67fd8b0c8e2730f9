// Making a sink as make_sample_sink() does, but bare and not open.
#pragma once

#include <stdexcept>
#include <string>

#include "base/options.h"
#include "stogger/sink.h"

namespace stogger {

inline SinkPtr make_for_samples_or_throw(SinkFactory factory, Fields fields) {
  Options options("test", fields);
  OptionsAccess::set_for_samples(options);
  SinkPtr sink;
  const Status status = factory(options, &sink);
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
  return sink;
}

}  // namespace stogger
