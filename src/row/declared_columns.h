// Options of tabular sinks about their columns: `columns`, a table such as
// {service = "text", user_id = "integer"}: columns that the configuration adds
// to those that a table has in any case, which are the standard ones or those
// of the first samples.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "row/schema.h"
#include "stogger/sink.h"

namespace stogger {

inline constexpr std::string_view kColumnsOption = "columns";

// Reads the option, in the order in which the columns were given. A name has to
// be an identifier, and may equal no other one, whatever the case of letters:
// none of the columns of every event or sample, and none of `reserved`.
std::vector<SchemaColumn> read_declared_columns(
    Options& options, std::initializer_list<std::string_view> reserved = {});

// Reads the option `on_new_column` of sinks for samples that write files: true
// if samples with a new column begin a new file, false if it is left out.
bool read_rolls_on_new_column(Options& options);

// For Sink::check(): the declared columns that a table, which is there already,
// has not got. Empty if it has all of them, otherwise a sentence for
// CheckFindings::warn().
std::string describe_undeclared(const std::vector<SchemaColumn>& declared,
                                const std::vector<std::string>& present,
                                std::string_view table, bool for_samples);

}  // namespace stogger
