// The kinds of sinks: those built in, those registered, those in modules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stogger/module.h"
#include "stogger/sink.h"

namespace stogger {

// A kind of sink. What is built in or registered has a factory; any other is in
// a module.
struct SinkType {
  std::string name;
  SinkFactory factory = nullptr;
  const stogger_module* module = nullptr;
  // Why the module cannot be loaded; ok if there is nothing to load.
  Status missing;
};

// Where every kind of sink is looked up: among those built in and registered,
// then among the modules, one of which is loaded if it bears the name. Ok, but
// with `missing` set, if its module is there and of no use, or if it is one of
// this project's and not installed. If there is none of that name, the message
// tells what there is.
Status find_sink_type(std::string_view name, SinkType* type);

// Calls the factory; what it throws becomes a Status. Options it did not ask
// for are a failure even if it did not call finish() itself. If the module is
// missing, makes a sink whose open() always fails with the reason; the options
// are taken as they are.
Status make_sink(const SinkType& type, Options& options,
                 SinkPtr* sink) noexcept;

// The names of those built in and registered, in alphabetical order.
std::vector<std::string> sink_types();

}  // namespace stogger
