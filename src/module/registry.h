// The kinds of sinks: those built in and those registered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stogger/sink.h"

namespace stogger {

// Where every kind of sink is looked up. If there is none of that name, the
// message tells what there is, and the package that one would come with.
Status find_sink_type(std::string_view type, SinkFactory* factory);

// Calls the factory; what it throws becomes a Status. Options it did not ask
// for are a failure even if it did not call finish() itself.
Status make_sink(SinkFactory factory, Options& options, SinkPtr* sink) noexcept;

// All names, in alphabetical order.
std::vector<std::string> sink_types();

}  // namespace stogger
