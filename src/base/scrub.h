// Keeping secrets out of what is shown.
#pragma once

#include <string>
#include <string_view>

namespace stogger {

// True if what goes by this name is likely a secret: DB_PASSWORD, api_token.
bool names_secret(std::string_view name) noexcept;

// The text with its passwords replaced by ***: those of URLs
// (postgresql://user:password@host) and of lists of settings (host=db
// password='it''s', ?password=x&sslmode=off). Hides rather too much than too
// little. %PASSWORD%, which stands for a password, is shown as it is.
std::string hide_secrets(std::string_view text);

}  // namespace stogger
