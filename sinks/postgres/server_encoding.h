// ServerEncoding: which characters a database can hold that is not in UTF-8.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"

namespace stogger {

class ServerEncoding {
 public:
  // That of the parameter `server_encoding`. Null if it has room for every
  // text: UTF8, and SQL_ASCII, which looks at none.
  static std::shared_ptr<const ServerEncoding> find(std::string_view name);

  const std::string& name() const noexcept { return name_; }
  bool has(std::uint32_t codepoint) const noexcept {
    return codepoint < 0x80 || (codepoint < known_.size() && known_[codepoint]);
  }

  // Puts a question mark in the place of each character that it lacks, in the
  // text from `start` on, which is valid UTF-8. Of jsonb, also in the place of
  // escapes, which the server decodes. Returns whether there was any.
  bool fit_text(Buffer& text, std::size_t start) const;
  bool fit_jsonb(Buffer& json, std::size_t start) const;

 private:
  explicit ServerEncoding(std::string_view name);

  const std::string name_;
  std::bitset<0x10000> known_;  // none of ASCII, nor above
};

// What there is to say of it.
std::string encoding_warning(const ServerEncoding& encoding);

}  // namespace stogger
