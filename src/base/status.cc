#include "stogger/status.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace stogger {

namespace {

constexpr const char* kNoMemory = "out of memory";

}  // namespace

// The text follows the struct in the same block, with a NUL at its end.
struct Status::Rep {
  Code code;
  bool is_static;
  std::size_t size;
  char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
};

Status::Status(Code code, std::string_view message) noexcept {
  if (code == Code::ok) return;
  void* block = std::malloc(sizeof(Rep) + message.size() + 1);
  if (block == nullptr) {
    // Without memory for the message the failure itself must survive.
    static Rep no_memory = {Code::internal, true, 0};
    rep_ = &no_memory;
    return;
  }
  rep_ = ::new (block) Rep{code, false, message.size()};
  if (!message.empty()) {
    std::memcpy(rep_->text(), message.data(), message.size());
  }
  rep_->text()[message.size()] = '\0';
}

void Status::destroy(Rep* rep) noexcept {
  if (!rep->is_static) std::free(rep);
}

Status::Status(const Status& other) noexcept
    : Status(other.code(), other.message()) {}

Status& Status::operator=(const Status& other) noexcept {
  return *this = Status(other);
}

Code Status::code() const noexcept {
  return rep_ == nullptr ? Code::ok : rep_->code;
}

std::string_view Status::message() const noexcept {
  if (rep_ == nullptr) return {};
  if (rep_->is_static) return kNoMemory;
  return {rep_->text(), rep_->size};
}

const char* Status::c_str() const noexcept {
  if (rep_ == nullptr) return "";
  return rep_->is_static ? kNoMemory : rep_->text();
}

}  // namespace stogger
