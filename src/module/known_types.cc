#include "module/known_types.h"

#include <algorithm>

#include "sinks/builtin.h"

namespace stogger {

// Never destroyed: static objects of the program may log until the very end.
const std::vector<KnownType>& known_types() {
  static const auto* const types = new std::vector<KnownType>{
      {"console", &make_console_sink, "", false},
      {"csv", &make_csv_sink, "", true},
      {"file", &make_file_sink, "", true},
      {"journald", &make_journald_sink, "", false},
      {"jsonl", &make_jsonl_sink, "", true},
      {"memory", &make_memory_sink, "", false},
      {"parquet", nullptr, "stogger-parquet", true},
      {"postgres", nullptr, "stogger-postgres", false},
      {"sqlite", &make_sqlite_sink, "", true},
  };
  return *types;
}

const KnownType* find_known_type(std::string_view name) {
  const std::vector<KnownType>& types = known_types();
  const auto found =
      std::find_if(types.begin(), types.end(),
                   [&](const KnownType& type) { return type.name == name; });
  return found == types.end() ? nullptr : &*found;
}

}  // namespace stogger
