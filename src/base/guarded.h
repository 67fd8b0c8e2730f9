// guarded: calls into code that may be anyone's: a sink, a factory, a visitor.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "stogger/status.h"

namespace stogger {

// What the call returns; an exception becomes a Status. Code::unavailable if
// memory was short, which may pass, otherwise Code::internal.
template <class Call>
[[gnu::always_inline]] inline Status guarded(Call call) noexcept {
  const auto threw = [](const char* what) noexcept {
    try {
      return Status(Code::internal, std::string("threw: ") + what);
    } catch (...) {
      return Status(Code::internal, what);
    }
  };
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return Status(Code::unavailable, "there was no memory for it");
  } catch (const std::exception& e) {
    return threw(e.what());
  } catch (...) {
    return Status(Code::internal, "threw something that is no std::exception");
  }
}

}  // namespace stogger
