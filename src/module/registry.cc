#include "module/registry.h"

#include <errno.h>

#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "base/quote.h"
#include "base/utf8.h"
#include "sinks/builtin.h"

namespace stogger {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, SinkFactory, std::less<>> factories = {
      {"console", &make_console_sink}, {"csv", &make_csv_sink},
      {"file", &make_file_sink},       {"journald", &make_journald_sink},
      {"jsonl", &make_jsonl_sink},     {"memory", &make_memory_sink},
      {"sqlite", &make_sqlite_sink},
  };
};

// Never destroyed: static objects of the program may log until the very end.
Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

// The package that a type comes with, if it is one of this project's.
std::string_view package_of(std::string_view type) noexcept {
  if (type == "postgres") return "stogger-postgres";
  if (type == "parquet") return "stogger-parquet";
  return {};
}

Status unknown_type(std::string_view type) {
  const std::string_view package = package_of(type);
  if (!package.empty()) {
    return Status(Code::invalid,
                  "the sink type " + quoted(type) + " is in the package " +
                      std::string(package) +
                      ", and its module was not found; install the package");
  }
  const std::vector<std::string> known = sink_types();
  std::vector<std::string> near = known;
  near.insert(near.end(), {"postgres", "parquet"});
  return Status(Code::invalid, "unknown sink type " + quoted(type) +
                                   did_you_mean(type, near) + "; there are " +
                                   quoted_list(known, "and"));
}

Status check_type(std::string_view type, SinkFactory factory) {
  if (type.empty() || !is_clean_text(type)) {
    return Status(Code::invalid,
                  "register_sink: a type needs a name in valid UTF-8");
  }
  if (factory == nullptr) {
    return Status(Code::invalid,
                  "register_sink: the factory of " + quoted(type) + " is null");
  }
  return {};
}

}  // namespace

Status find_sink_type(std::string_view type, SinkFactory* factory) {
  {
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    const auto found = known.factories.find(type);
    if (found != known.factories.end()) {
      *factory = found->second;
      return {};
    }
  }
  return unknown_type(type);
}

Status make_sink(SinkFactory factory, Options& options,
                 SinkPtr* sink) noexcept {
  try {
    SinkPtr made;
    if (Status status = factory(options, &made); !status.ok()) return status;
    if (Status status = options.finish(); !status.ok()) return status;
    if (!made) return Status(Code::internal, "its factory made no sink");
    *sink = std::move(made);
    return {};
  } catch (const std::exception& e) {
    return Status(Code::internal, e.what());
  } catch (...) {
    return Status(Code::internal, "its factory threw an exception");
  }
}

std::vector<std::string> sink_types() {
  std::vector<std::string> types;
  Registry& known = registry();
  const std::lock_guard lock(known.mutex);
  for (const auto& [type, factory] : known.factories) types.push_back(type);
  return types;
}

Status register_sink(std::string_view type, SinkFactory factory) noexcept {
  try {
    if (Status status = check_type(type, factory); !status.ok()) return status;
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    if (!known.factories.emplace(type, factory).second) {
      return Status(Code::invalid, "register_sink: there is a sink type " +
                                       quoted(type) + " already");
    }
    return {};
  } catch (const std::exception& e) {
    return Status(Code::internal, e.what());
  }
}

Status make_sink(std::string_view type, Fields options,
                 SinkPtr* sink) noexcept {
  try {
    SinkFactory factory = nullptr;
    if (Status status = find_sink_type(type, &factory); !status.ok()) {
      return status;
    }
    Options read(type, options);
    read.set_identifier(::program_invocation_short_name);
    return make_sink(factory, read, sink);
  } catch (const std::exception& e) {
    return Status(Code::internal, e.what());
  }
}

}  // namespace stogger
