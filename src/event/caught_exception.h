// What the exception being handled says of itself and of its causes.
#pragma once

#include <string>

namespace stogger {

struct CaughtException {
  std::string type;        // what was thrown
  std::string message;     // its own, then that of each cause, joined by ": "
  std::string error_code;  // of the outermost std::system_error: generic:13
};

// To be called while an exception is handled. May throw std::bad_alloc.
CaughtException describe_exception();

}  // namespace stogger
