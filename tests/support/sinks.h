// Making sinks in tests, and judging what they return.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "stogger/sink.h"

namespace stogger {

// A sink that is not open yet.
inline SinkPtr make_or_throw(SinkFactory factory, Fields fields) {
  Options options("test", fields);
  SinkPtr sink;
  const Status status = factory(options, &sink);
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
  return sink;
}

// What the factory says about options that are wrong.
inline std::string refusal(SinkFactory factory, Fields fields) {
  Options options("test", fields);
  SinkPtr sink;
  return std::string(factory(options, &sink).message());
}

}  // namespace stogger

#define EXPECT_OK(expression)                       \
  do {                                              \
    const ::stogger::Status status_ = (expression); \
    EXPECT_TRUE(status_.ok()) << status_.message(); \
  } while (false)

#define ASSERT_OK(expression)                       \
  do {                                              \
    const ::stogger::Status status_ = (expression); \
    ASSERT_TRUE(status_.ok()) << status_.message(); \
  } while (false)
