#include "base/keyed_hash.h"

#include <sys/auxv.h>

#include <atomic>
#include <bit>
#include <cstring>

namespace stogger {
namespace {

std::uint64_t load(const char* from, std::size_t size) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(from[i]))
            << (8 * i);
  }
  return word;
}

class SipState {
 public:
  explicit SipState(const HashKey& key) noexcept
      : v0_(key.first ^ 0x736f6d6570736575u),
        v1_(key.second ^ 0x646f72616e646f6du),
        v2_(key.first ^ 0x6c7967656e657261u),
        v3_(key.second ^ 0x7465646279746573u) {}

  void add(std::uint64_t word) noexcept {
    v3_ ^= word;
    rounds(2);
    v0_ ^= word;
  }
  std::uint64_t finish() noexcept {
    v2_ ^= 0xFF;
    rounds(4);
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void rounds(int count) noexcept {
    for (int i = 0; i < count; ++i) {
      v0_ += v1_;
      v1_ = std::rotl(v1_, 13) ^ v0_;
      v0_ = std::rotl(v0_, 32);
      v2_ += v3_;
      v3_ = std::rotl(v3_, 16) ^ v2_;
      v0_ += v3_;
      v3_ = std::rotl(v3_, 21) ^ v0_;
      v2_ += v1_;
      v1_ = std::rotl(v1_, 17) ^ v2_;
      v2_ = std::rotl(v2_, 32);
    }
  }

  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
};

// Sixteen random bytes that the kernel gave the process when it began: there
// without a system call, and before any thread.
HashKey key_from_kernel() noexcept {
  HashKey key;
  const auto* const bytes =
      reinterpret_cast<const char*>(::getauxval(AT_RANDOM));
  if (bytes != nullptr) std::memcpy(&key, bytes, sizeof key);
  // Others use the same bytes (the C library for its stack protector): what is
  // used here says nothing about them.
  return {keyed_hash(key, "stogger 1"), keyed_hash(key, "stogger 2")};
}

}  // namespace

std::uint64_t keyed_hash(const HashKey& key, std::string_view text) noexcept {
  SipState state(key);
  const std::uint64_t size = text.size();
  while (text.size() >= 8) {
    state.add(load(text.data(), 8));
    text.remove_prefix(8);
  }
  state.add(load(text.data(), text.size()) | size << 56);
  return state.finish();
}

// Every thread comes to the same result: nothing is locked, which a child after
// fork() could find locked.
HashKey process_hash_key() noexcept {
  static constinit std::atomic<std::uint64_t> first{0};
  static constinit std::atomic<std::uint64_t> second{0};
  HashKey key{first.load(std::memory_order_relaxed),
              second.load(std::memory_order_relaxed)};
  if (key.first == 0 || key.second == 0) [[unlikely]] {
    key = key_from_kernel();
    first.store(key.first, std::memory_order_relaxed);
    second.store(key.second, std::memory_order_relaxed);
  }
  return key;
}

}  // namespace stogger
