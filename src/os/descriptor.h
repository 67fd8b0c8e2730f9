// Descriptor: owns a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace stogger {

class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  int release() noexcept { return std::exchange(descriptor_, -1); }
  void reset(int descriptor = -1) noexcept {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = descriptor;
  }

 private:
  int descriptor_ = -1;
};

// Moves it out of the place of the standard streams, which may be closed: a
// program that writes to those must not write into a file of a sink. Keeps
// errno where it fails and returns -1.
int above_standard_streams(int descriptor) noexcept;

// Gives those of the standard streams that are closed /dev/null, for good, so
// that no library opens something of its own in their place. A program that is
// started from this one finds them closed, as it would have.
void occupy_standard_streams() noexcept;

}  // namespace stogger
