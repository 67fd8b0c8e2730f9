// Reads one of the pairs that are kept with a Parquet file, of its footer.
//
// The footer is a structure of Thrift's compact protocol (FileMetaData of
// parquet.thrift): what else is in it is skipped. Nothing of it is trusted.
#pragma once

#include <string_view>

namespace stogger {

// The value of `key`, in `footer`; empty if there is none, or if the footer
// is damaged before it.
std::string_view find_pair(std::string_view footer,
                           std::string_view key) noexcept;

}  // namespace stogger
