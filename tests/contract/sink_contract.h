// The rules that every sink keeps, as one suite of tests: see sink_contract.cc.
//
// To put a sink through it, write a driver and, in <sink>_contract_test.cc,
//
//   INSTANTIATE_TEST_SUITE_P(Jsonl, SinkContract,
//                            ::testing::Values(make_driver<JsonlDriver>));
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "row/owned_row.h"
#include "stogger/sink.h"
#include "tests/support/rows.h"

namespace stogger {

// What the suite has to know of a sink. Each test makes a driver of its own;
// the driver owns the target, new and empty.
class SinkDriver {
 public:
  virtual ~SinkDriver() = default;

  // A sink on the driver's target, not open yet.
  virtual SinkPtr make() = 0;

  // All rows that are with the target, oldest first. A row has at least the
  // fields it was given, under their names; it may have others. `sink` is the
  // one that wrote last, open or not.
  virtual std::vector<OwnedRow> read_back(Sink& sink) = 0;

  // Turns the suite's events into rows as this sink is handed them. The events
  // of one test all have the same keys. A sink that wants the standard table
  // can put the fields into `data`.
  virtual Rows rows(const std::vector<std::vector<Field>>& events, Time now) {
    return field_rows(events, now);
  }

  // What read_back() returns where this value was given; the same, for a target
  // that keeps all types.
  virtual OwnedField expected(std::string_view name, const Value& value) {
    return {name, value};
  }

  // Lets every write or flush fail from now on, though the sink may be open;
  // and ends that, with the rows from before still there. The sink may take
  // until its second write to see either, and time goes on by a second between
  // two writes.
  virtual void break_target() = 0;
  virtual void mend_target() = 0;
  // Why the target cannot be broken; empty if it can.
  virtual std::string_view unbreakable() const { return {}; }

  // False if the rows live in the sink itself: they end with it, and a child
  // process has its own.
  virtual bool outlives_sink() const { return true; }

  // Why a child cannot use the sink under this program's sanitizer; empty if it
  // can.
  virtual std::string_view unforkable() const { return {}; }

  // Why write() may allocate memory each time; empty if it may not.
  virtual std::string_view allocates() const { return {}; }
};

using DriverFactory = std::unique_ptr<SinkDriver> (*)();

template <class Driver>
std::unique_ptr<SinkDriver> make_driver() {
  return std::make_unique<Driver>();
}

// True if they are of one kind and alike to the bit.
bool identical(const Value& a, const Value& b);

// The text with U+FFFD for NUL and for every bad sequence: what targets keep
// that cannot keep these.
std::string with_replacements(std::string_view text);

class SinkContract : public ::testing::TestWithParam<DriverFactory> {
 protected:
  SinkContract() : driver_(GetParam()()), sink_(driver_->make()) {}

  // Writes one row {"seq", number}; a second later than the one before.
  Status write(std::int64_t number);
  Status write_events(const std::vector<std::vector<Field>>& events);
  // Writes, then flushes; the first Status that is not ok.
  Status deliver(std::int64_t number);

  // The numbers in the field "seq" of the rows that are with the target.
  std::vector<std::int64_t> numbers();
  // Fails unless the target has these rows, judged by expected().
  void expect_rows(const std::vector<std::vector<Field>>& events);
  // Writes these rows in one batch and in fresh batches, and reads them back.
  void expect_round_trip(const std::vector<std::vector<Field>>& events);

  Time now_ = kTestTime;
  std::unique_ptr<SinkDriver> driver_;
  SinkPtr sink_;
};

}  // namespace stogger
