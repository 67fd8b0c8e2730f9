#include "sinks/postgres/tls.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>

namespace stogger {
namespace {

// Of <openssl/ssl.h>, <openssl/crypto.h> and <openssl/err.h>, the same from
// 1.1.0 on.
constexpr std::uint64_t kNoAtExit = 0x00080000;  // OPENSSL_INIT_NO_ATEXIT
using Initialize = int(std::uint64_t options, const void* settings);
using Peek = int(void* tls, void* bytes, int size);
using Pending = int(const void* tls);
using ClearErrors = void();
using TakeError = unsigned long();
using Reason = const char*(unsigned long error);

// The process may have several libraries of that name. Those of libpq are found
// from there on.
void* library_of_libpq() noexcept {
  Dl_info info = {};
  const void* const address = ::dlsym(RTLD_DEFAULT, "PQconnectPoll");
  if (address == nullptr || ::dladdr(address, &info) == 0 ||
      info.dli_fname == nullptr) {
    return RTLD_DEFAULT;
  }
  void* const library = ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  return library != nullptr ? library : RTLD_DEFAULT;
}

template <class Function>
Function* find(const char* name) noexcept {
  static void* const library = library_of_libpq();
  return reinterpret_cast<Function*>(::dlsym(library, name));
}

struct Functions {
  Peek* peek = find<Peek>("SSL_peek");
  Pending* pending = find<Pending>("SSL_pending");
  ClearErrors* clear_errors = find<ClearErrors>("ERR_clear_error");
  TakeError* take_error = find<TakeError>("ERR_get_error");
  Reason* reason = find<Reason>("ERR_reason_error_string");
  bool are_there() const noexcept {
    return peek != nullptr && pending != nullptr && clear_errors != nullptr &&
           take_error != nullptr && reason != nullptr;
  }
};

const Functions& functions() noexcept {
  static const Functions found;
  return found;
}

void* tls_of(PGconn* connection) noexcept {
  return functions().are_there() ? PQsslStruct(connection, "OpenSSL") : nullptr;
}

}  // namespace

void keep_tls_until_the_end() noexcept {
  static const bool done = [] {
    auto* const initialize = find<Initialize>("OPENSSL_init_crypto");
    return initialize != nullptr && initialize(kNoAtExit, nullptr) == 1;
  }();
  static_cast<void>(done);
}

std::string_view TlsPeek::look(PGconn* connection) noexcept {
  void* const tls = tls_of(connection);
  if (tls == nullptr) return {};
  functions().clear_errors();
  const int count =
      functions().peek(tls, bytes_.data(), static_cast<int>(bytes_.size()));
  const unsigned long error = count > 0 ? 0 : functions().take_error();
  if (error != 0) {
    const char* const reason = functions().reason(error);
    error_ = reason != nullptr ? reason : "unknown";
  }
  functions().clear_errors();
  const std::string_view all(bytes_.data(),
                             static_cast<std::size_t>(std::max(count, 0)));
  const std::size_t old = std::min(known_, all.size());
  known_ = all.size();
  return all.substr(old);
}

void TlsPeek::note_read(PGconn* connection) noexcept {
  void* const tls = tls_of(connection);
  if (tls == nullptr) return;
  known_ = std::min(known_, static_cast<std::size_t>(functions().pending(tls)));
}

}  // namespace stogger
