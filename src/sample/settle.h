// SettledSample: a sample whose values are what they stand for.
#pragma once

#include "stogger/sample.h"

namespace stogger {

// Values of users' types are written out, and JSON is made clean (text, if it
// is none), outside of any lock: that is code of the program.
class SettledSample {
 public:
  explicit SettledSample(const Sample& sample) : sample_(&sample) {
    for (const Field& field : sample.fields) {
      if (field.value.kind() >= Kind::json) {
        settle(sample);
        return;
      }
    }
  }

  ~SettledSample();
  SettledSample(const SettledSample&) = delete;
  SettledSample& operator=(const SettledSample&) = delete;

  const Sample& get() const noexcept { return *sample_; }

 private:
  struct Memory;

  void settle(const Sample& sample);

  const Sample* sample_;
  Memory* memory_ = nullptr;  // only if something had to be settled
  Sample copy_;
};

}  // namespace stogger
