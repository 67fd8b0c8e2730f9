// The types of sinks that come with this project.
#pragma once

#include <string_view>
#include <vector>

#include "stogger/sink.h"

namespace stogger {

struct KnownType {
  std::string_view name;
  // Null if it is in a module.
  SinkFactory factory;
  // What to install for that module; empty for what is built in.
  std::string_view package;
  // Its option `path` is a file that it writes.
  bool writes_file;
};

const std::vector<KnownType>& known_types();

// Null if it is none of them.
const KnownType* find_known_type(std::string_view name);

}  // namespace stogger
