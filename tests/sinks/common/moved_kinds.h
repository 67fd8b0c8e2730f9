// The sinks whose files others may move away.
#pragma once

#include "sinks/builtin.h"

namespace stogger {

struct MovedKind {
  const char* name;
  SinkFactory factory;
  const char* flush;  // empty: it has no such option
};

inline const MovedKind kMovedKinds[] = {{"lines", make_jsonl_sink, "line"},
                                        {"blocks", make_jsonl_sink, "block"},
                                        {"csv", make_csv_sink, ""}};

}  // namespace stogger
