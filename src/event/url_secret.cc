#include "event/url_secret.h"

#include <algorithm>
#include <cstddef>

namespace stogger {
namespace {

// Of a URL, or of a text that a URL stands in.
constexpr bool ends_url(char c) noexcept {
  constexpr std::string_view kEnds = "\"'`<>\\|^{}";
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7F ||
         kEnds.find(c) != std::string_view::npos;
}

constexpr bool ends_authority(char c) noexcept {
  return c == '/' || c == '?' || c == '#' || ends_url(c);
}

// Goes through the text once.
class Finder {
 public:
  Finder(std::string_view text, ParameterTest test,
         const void* context) noexcept
      : text_(text), test_(test), context_(context) {}

  // The next secret, as a part of the text; empty if there is no more.
  std::string_view next() noexcept {
    while (at_ < text_.size()) {
      const std::string_view secret =
          at_ < query_end_ ? next_parameter() : next_part();
      if (!secret.empty()) return secret;
    }
    return {};
  }

 private:
  // Goes on to the next authority or query, and past the authority.
  std::string_view next_part() noexcept {
    constexpr std::string_view kBeforeAuthority = "://";
    at_ = std::min(text_.find_first_of(":?#", at_), text_.size());
    if (at_ == text_.size()) return {};
    if (text_[at_] != ':') {
      ++at_;
      query_end_ = end_at(&ends_url);
      return {};
    }
    if (!text_.substr(at_).starts_with(kBeforeAuthority)) {
      ++at_;
      return {};
    }
    at_ += kBeforeAuthority.size();
    const std::size_t end = end_at(&ends_authority);
    const std::string_view authority = text_.substr(at_, end - at_);
    const std::size_t colon = authority.find(':');
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos || colon >= at) return {};
    at_ = end;
    return authority.substr(colon + 1, at - colon - 1);
  }

  // In a query, at the name of a parameter. What stands after a semicolon may
  // be another parameter, or belong to the value before it.
  std::string_view next_parameter() noexcept {
    const std::string_view rest = text_.substr(at_, query_end_ - at_);
    const std::size_t size = std::min(rest.find_first_of("&;#"), rest.size());
    const std::string_view parameter = rest.substr(0, size);
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos ||
        !test_(context_, parameter.substr(0, equals))) {
      at_ += std::min(size + 1, rest.size());
      return {};
    }
    const std::string_view value =
        rest.substr(equals + 1, rest.find_first_of("&#", equals) - equals - 1);
    at_ += equals + 1 + value.size();
    return value;
  }

  std::size_t end_at(bool (*ends)(char)) const noexcept {
    const auto from = text_.begin() + static_cast<std::ptrdiff_t>(at_);
    return static_cast<std::size_t>(std::find_if(from, text_.end(), ends) -
                                    text_.begin());
  }

  const std::string_view text_;
  const ParameterTest test_;
  const void* const context_;
  std::size_t at_ = 0;
  std::size_t query_end_ = 0;  // of the query that it is in
};

}  // namespace

bool has_url_secret(std::string_view text, ParameterTest test,
                    const void* context) noexcept {
  return may_have_url_secret(text) &&
         !Finder(text, test, context).next().empty();
}

void append_without_url_secrets(Buffer& out, std::string_view text,
                                ParameterTest test, const void* context,
                                std::string_view replacement) {
  Finder finder(text, test, context);
  std::size_t done = 0;
  for (std::string_view secret = finder.next(); !secret.empty();
       secret = finder.next()) {
    const auto start = static_cast<std::size_t>(secret.data() - text.data());
    out.append(text.substr(done, start - done));
    out.append(replacement);
    done = start + secret.size();
  }
  out.append(text.substr(done));
}

}  // namespace stogger
