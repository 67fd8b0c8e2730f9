// StartGuard: looks at what a server sends until a session is established,
// before libpq sees it. libpq would give a password away, or compute for hours.
// With TLS, there is one for what comes before it and one for what is inside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stogger {

class StartGuard {
 public:
  enum class Verdict {
    fine,
    wants_clear_password,
    wants_many_rounds,  // of a hash: minutes or hours of them
    unknown,            // a message that has no place here
  };

  // `negotiates`: libpq has asked for encryption, and waits for one byte.
  // `forbids_clear`: a password must not be sent as it is.
  Verdict check(std::string_view bytes, bool negotiates, bool forbids_clear);

 private:
  Verdict judge(bool forbids_clear) const;

  bool is_over_ = false;  // encrypted, or the session is established
  std::string begun_;     // of a message, as far as it is needed
  std::size_t left_ = 0;  // of its bytes, which are not looked at
};

}  // namespace stogger
