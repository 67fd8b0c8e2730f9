// Modules whose table of methods is that of another version of stogger:
// STOGGER_TEST_VERSION is FIRST, of the first version of this ABI, or NEXT, of
// one to come. Each counts the rows it is handed and writes their number to a
// file when it is closed.
#include <cstdio>
#include <string>

#include "stogger/module.h"

#define FIRST 1
#define NEXT 2

namespace {

struct Counter {
  std::string path;
  std::size_t rows = 0;
};

Counter& counter(void* sink) { return *static_cast<Counter*>(sink); }

// As in module.h when the ABI was new: not to be changed.
struct FirstMethods {
  uint32_t size;
  stogger_code (*open)(void* sink, stogger_message* message);
  stogger_code (*check)(void* sink, const stogger_findings* findings,
                        stogger_message* message);
  stogger_code (*write)(void* sink, const stogger_rows* rows,
                        const stogger_write_report* report,
                        stogger_message* message);
  stogger_code (*flush)(void* sink, stogger_message* message);
  stogger_code (*close)(void* sink, stogger_message* message);
  void (*abandon)(void* sink);
  int (*recovered)(void* sink);
  uint32_t (*form)(void* sink);
  size_t (*columns)(void* sink, const stogger_column** columns);
  int (*tally)(void* sink, stogger_tally* tally);
  stogger_text (*target)(void* sink);
  void (*destroy)(void* sink);
};

constexpr FirstMethods kFirst = {
    sizeof(FirstMethods),
    [](void*, stogger_message*) -> stogger_code { return 0; },
    [](void*, const stogger_findings*, stogger_message*) -> stogger_code {
      return 0;
    },
    [](void* sink, const stogger_rows* rows, const stogger_write_report*,
       stogger_message*) -> stogger_code {
      counter(sink).rows += rows->row_count;
      return 0;
    },
    [](void*, stogger_message*) -> stogger_code { return 0; },
    [](void* sink, stogger_message*) -> stogger_code {
      if (FILE* file = std::fopen(counter(sink).path.c_str(), "w")) {
        std::fprintf(file, "%zu rows\n", counter(sink).rows);
        std::fclose(file);
      }
      return 0;
    },
    [](void*) {},
    [](void*) { return 0; },
    [](void*) -> uint32_t { return 0; },
    [](void*, const stogger_column**) -> size_t { return 0; },
    // It holds rows back, if anybody asks.
    [](void* sink, stogger_tally* tally) {
      *tally = {0, counter(sink).rows};
      return 1;
    },
    [](void*) {
      return stogger_text{"counter", 7};
    },
    [](void* sink) { delete static_cast<Counter*>(sink); },
};

#if STOGGER_TEST_VERSION == FIRST
constexpr const FirstMethods& kMethods = kFirst;
#else
struct NextMethods {
  FirstMethods first;
  stogger_code (*tick)(void* sink, int64_t now_ns,
                       const stogger_write_report* report,
                       stogger_message* message);
  int64_t (*deadline_ns)(void* sink);
  void (*unheard_of)(void* sink);
};

constexpr NextMethods kMethods = {
    [] {
      FirstMethods methods = kFirst;
      methods.size = sizeof(NextMethods);
      return methods;
    }(),
    nullptr,
    nullptr,
    [](void*) {},
};
#endif

stogger_code make_sink(const stogger_options* options, void** sink,
                       stogger_message* message) {
  const auto path = options->required(options->context, {"path", 4});
  if (const auto code = options->finish(options->context, message); code != 0) {
    return code;
  }
  *sink = new Counter{std::string(path.data, path.size)};
  return 0;
}

const stogger_module kModule = {
    STOGGER_MODULE_ABI,
    sizeof(stogger_module),
    "0.0.0",
    &make_sink,
    reinterpret_cast<const stogger_sink_methods*>(&kMethods),
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const stogger_module*
stogger_module_entry(void) {
  return &kModule;
}
